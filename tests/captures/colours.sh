#!/bin/sh
# A full screen in 24-bit colours, with what a terminal can do to a letter.
printf '\033[?1049h\033[?25l\033[2J'
row=1
while [ $row -le 18 ]; do
    printf '\033[%d;1H' $row
    column=0
    while [ $column -lt 80 ]; do
        printf '\033[48;2;%d;%d;%dm\033[38;2;%d;%d;%dm▀' \
            $((column * 3)) $((row * 14)) $((255 - column * 3)) \
            $((255 - row * 14)) $((column * 3)) $((row * 7))
        column=$((column + 1))
    done
    row=$((row + 1))
done
printf '\033[0m\033[19;1H'
printf '\033[1mbold\033[0m \033[2mdim\033[0m \033[3mitalic\033[0m \033[4mline\033[0m \033[4:3mcurly\033[0m '
printf '\033[7minverse\033[0m \033[9mcrossed\033[0m \033[1;3;4;31mall of it\033[0m'
printf '\033[20;1H\033[30;47m 16 \033[94;103m bright \033[38;5;208;48;5;17m of 256 \033[0m'
printf '\033[21;1Hwide 日本語 한국어, marks e\314\201 a\314\210, lines ┌─┬─┐'
printf '\033[22;1H\033(0lqqwqqk\033(B drawn in the old way, tab\there'
printf '\033[23;76Hat the edge of it'
read -r _
