#!/bin/sh
# Makes the base image of the services' tests, quarterdeck-test/debian:12, of Debian's own packages:
# a test pulls no image. The image says in a label which services it is for.
#
#   bases.sh small   busybox alone (package busybox-static): seconds
#   bases.sh         with all languages: needs root, some minutes and 2 GB
#
# An image that is there already for at least that stays.
set -eu
image=quarterdeck-test/debian:12
small="shell static"
all="$small node python go rust java php ruby"
wanted=$all
[ "${1:-}" = small ] && wanted=$small
known=$(docker image inspect --format '{{index .Config.Labels "services"}}' "$image" 2>/dev/null || true)
case $known in "$all" | "$wanted") exit 0 ;; esac
folder=$(mktemp -d)
trap 'umount "$folder/proc" 2>/dev/null || true; rm -rf "$folder"' EXIT
if [ "$wanted" = "$small" ]; then
    busybox=$(command -v busybox)
    mkdir -p "$folder/bin" "$folder/tmp" "$folder/etc/ssl/certs"
    cp "$busybox" "$folder/bin/busybox"
    for name in sh ls cat cp mkdir rm mv chmod chown; do ln -s busybox "$folder/bin/$name"; done
else
    command -v debootstrap >/dev/null || apt-get install -y debootstrap
    debootstrap --variant=minbase --include=ca-certificates bookworm "$folder"
    cp /etc/resolv.conf "$folder/etc/"
    mount -t proc proc "$folder/proc"
    DEBIAN_FRONTEND=noninteractive chroot "$folder" apt-get install -y --no-install-recommends \
        busybox-static python3 python3-pip python3-venv nodejs npm golang-go git cargo-web \
        rustc-web default-jdk-headless maven php-cli composer ruby bundler gcc libc6-dev make
    chroot "$folder" apt-get clean
    ln -sf python3 "$folder/usr/bin/python"
    # As in the images of the language itself: pip may install.
    rm -f "$folder"/usr/lib/python3*/EXTERNALLY-MANAGED
    umount "$folder/proc"
fi
tar -C "$folder" -c . | docker import --change "LABEL services=\"$wanted\"" --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - "$image"
