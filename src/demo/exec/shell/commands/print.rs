//! Commands that print what they are told: echo, printf, seq, yes, basename, dirname.

use super::{Call, Outcome};
use crate::demo::exec::{channel::PAYLOAD, shell::io::MOST_INPUT};

pub async fn echo(call: &Call<'_>) -> Outcome {
    let (mut newline, mut escapes) = (true, false);
    let mut words = call.arguments;
    while let Some((first, rest)) = words.split_first() {
        let letters = first.strip_prefix('-').unwrap_or_default();
        if letters.is_empty() || !letters.chars().all(|c| matches!(c, 'n' | 'e' | 'E')) {
            break;
        }
        for letter in letters.chars() {
            match letter {
                'n' => newline = false,
                other => escapes = other == 'e',
            }
        }
        words = rest;
    }
    let mut text = words.join(" ").into_bytes();
    if escapes {
        text = unescaped(&words.join(" "));
        if let Some(at) = stopped(&words.join(" ")) {
            text = unescaped(&words.join(" ")[..at]);
            newline = false;
        }
    }
    if newline {
        text.push(b'\n');
    }
    call.out(text).await
}

/// Where `\c` ends the output.
fn stopped(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('\\') {
        let place = at + found;
        match text[place + 1..].chars().next() {
            Some('c') => return Some(place),
            Some(other) => at = place + 1 + other.len_utf8(),
            None => return None,
        }
    }
    None
}

/// The bytes that backslash escapes stand for.
pub fn unescaped(text: &str) -> Vec<u8> {
    let mut all = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let digits = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>, radix: u32, most: usize| {
        let mut value: Option<u32> = None;
        for _ in 0..most {
            let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else {
                break;
            };
            chars.next();
            value = Some(value.unwrap_or(0) * radix + digit);
        }
        value
    };
    while let Some(c) = chars.next() {
        if c != '\\' {
            all.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match chars.next() {
            Some('n') => all.push(b'\n'),
            Some('t') => all.push(b'\t'),
            Some('r') => all.push(b'\r'),
            Some('a') => all.push(7),
            Some('b') => all.push(8),
            Some('f') => all.push(12),
            Some('v') => all.push(11),
            Some('e' | 'E') => all.push(27),
            Some('\\') => all.push(b'\\'),
            Some('0') => {
                all.push(u8::try_from(digits(&mut chars, 8, 3).unwrap_or(0) & 0xff).unwrap_or(0));
            }
            Some('x') => match digits(&mut chars, 16, 2) {
                Some(value) => all.push(u8::try_from(value).unwrap_or(0)),
                None => all.extend_from_slice(b"\\x"),
            },
            Some('u') => {
                let c = digits(&mut chars, 16, 4)
                    .and_then(char::from_u32)
                    .unwrap_or('\u{fffd}');
                all.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Some(first @ '1'..='7') => {
                let rest = digits(&mut chars, 8, 2);
                let first = first.to_digit(8).unwrap_or(0);
                let value = rest.map_or(first, |rest| {
                    if rest > 7 {
                        first * 64 + rest
                    } else {
                        first * 8 + rest
                    }
                });
                all.push(u8::try_from(value & 0xff).unwrap_or(0));
            }
            Some(other) => {
                all.push(b'\\');
                all.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
            }
            None => all.push(b'\\'),
        }
    }
    all
}

pub async fn printf(call: &Call<'_>) -> Outcome {
    let Some((format, mut rest)) = call.arguments.split_first() else {
        return call.complain(2, "usage: printf FORMAT [ARGUMENT]...").await;
    };
    let mut text = Vec::new();
    loop {
        let before = rest.len();
        rest = formatted(format, rest, &mut text);
        // The format is used again for as long as it takes arguments up.
        if rest.is_empty() || rest.len() == before || text.len() > MOST_INPUT {
            break;
        }
    }
    call.out(text).await
}

fn formatted<'a>(format: &str, mut arguments: &'a [String], text: &mut Vec<u8>) -> &'a [String] {
    let mut next = || match arguments.split_first() {
        Some((first, rest)) => {
            arguments = rest;
            first.clone()
        }
        None => String::new(),
    };
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        text.extend(unescaped(&rest[..at]));
        rest = &rest[at + 1..];
        let end = rest.find(|c: char| !"-+ #0123456789.*".contains(c));
        let (spec, conversion) = if let Some(end) = end {
            (&rest[..end], rest[end..].chars().next().unwrap_or('%'))
        } else {
            text.push(b'%');
            text.extend_from_slice(rest.as_bytes());
            return arguments;
        };
        rest = &rest[spec.len() + conversion.len_utf8()..];
        if conversion == '%' {
            text.push(b'%');
            continue;
        }
        let argument = next();
        let (flags, width, precision) = specification(spec);
        let number = || {
            argument
                .trim()
                .parse::<i64>()
                .or_else(|_| {
                    // A quote makes a character its number.
                    argument
                        .strip_prefix(['\'', '"'])
                        .and_then(|rest| rest.chars().next())
                        .map(|c| i64::from(u32::from(c)))
                        .ok_or(())
                })
                .unwrap_or(0)
        };
        let shown: Vec<u8> = match conversion {
            'd' | 'i' | 'u' => number().to_string().into_bytes(),
            'x' => format!("{:x}", number()).into_bytes(),
            'X' => format!("{:X}", number()).into_bytes(),
            'o' => format!("{:o}", number()).into_bytes(),
            'f' => format!(
                "{:.*}",
                precision.unwrap_or(6),
                argument.trim().parse::<f64>().unwrap_or(0.0)
            )
            .into_bytes(),
            'c' => argument.chars().take(1).collect::<String>().into_bytes(),
            'b' => unescaped(&argument),
            _ => match precision {
                Some(most) => argument.chars().take(most).collect::<String>().into_bytes(),
                None => argument.into_bytes(),
            },
        };
        pad(&shown, &flags, width, "dixXouf".contains(conversion), text);
    }
    text.extend(unescaped(rest));
    arguments
}

fn specification(spec: &str) -> (String, usize, Option<usize>) {
    let flags: String = spec.chars().take_while(|c| "-+ #0".contains(*c)).collect();
    let (width, precision) = spec[flags.len()..]
        .split_once('.')
        .map_or((&spec[flags.len()..], None), |(width, precision)| {
            (width, Some(precision))
        });
    // Nobody's terminal is wider than this.
    let bounded = |text: &str| text.parse::<usize>().unwrap_or(0).min(4096);
    (flags, bounded(width), precision.map(bounded))
}

fn pad(shown: &[u8], flags: &str, width: usize, number: bool, text: &mut Vec<u8>) {
    let length = String::from_utf8_lossy(shown).chars().count();
    let missing = width.saturating_sub(length);
    if flags.contains('-') {
        text.extend_from_slice(shown);
        text.extend(std::iter::repeat_n(b' ', missing));
    } else if flags.contains('0') && number {
        let (sign, digits) = shown.split_at(usize::from(shown.first() == Some(&b'-')));
        text.extend_from_slice(sign);
        text.extend(std::iter::repeat_n(b'0', missing));
        text.extend_from_slice(digits);
    } else {
        text.extend(std::iter::repeat_n(b' ', missing));
        text.extend_from_slice(shown);
    }
}

pub async fn seq(call: &Call<'_>) -> Outcome {
    let numbers: Option<Vec<i64>> = call
        .arguments
        .iter()
        .map(|word| word.parse().ok())
        .collect();
    let (first, step, last) = match numbers.as_deref() {
        Some([last]) => (1, 1, *last),
        Some([first, last]) => (*first, 1, *last),
        Some([first, step, last]) if *step != 0 => (*first, *step, *last),
        _ => {
            return call
                .complain(
                    1,
                    "expected LAST, FIRST LAST or FIRST STEP LAST, whole numbers",
                )
                .await;
        }
    };
    let mut text = Vec::with_capacity(PAYLOAD + 32);
    let mut at = first;
    while (step > 0 && at <= last) || (step < 0 && at >= last) {
        text.extend_from_slice(at.to_string().as_bytes());
        text.push(b'\n');
        if text.len() >= PAYLOAD {
            call.out(&text).await?;
            text.clear();
        }
        let Some(next) = at.checked_add(step) else {
            break;
        };
        at = next;
    }
    call.out(text).await
}

pub async fn yes(call: &Call<'_>) -> Outcome {
    let line = if call.arguments.is_empty() {
        "y\n".to_owned()
    } else {
        call.arguments.join(" ") + "\n"
    };
    let block = line.repeat((PAYLOAD / line.len()).max(1));
    loop {
        call.out(&block).await?;
    }
}

pub async fn name(call: &Call<'_>) -> Outcome {
    let Some(path) = call.arguments.first() else {
        return call.complain(1, "missing operand").await;
    };
    let trimmed = path.trim_end_matches('/');
    let (folder, name) = trimmed.rsplit_once('/').unwrap_or((".", trimmed));
    let shown = match (call.name, trimmed.is_empty()) {
        (_, true) => "/",
        ("basename", _) => {
            let suffix = call.arguments.get(1).map_or("", String::as_str);
            name.strip_suffix(suffix)
                .filter(|rest| !rest.is_empty())
                .unwrap_or(name)
        }
        _ if folder.is_empty() => "/",
        _ => folder,
    };
    call.out(format!("{shown}\n")).await
}
