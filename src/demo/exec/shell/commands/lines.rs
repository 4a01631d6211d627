//! Commands on lines: head, tail, wc, sort, uniq, cut, tr.

use std::time::Duration;

use super::{Call, Outcome, files::options};

/// How often `tail -f` looks at its file.
const LOOK: Duration = Duration::from_millis(100);

/// A count as `head` and `tail` take it: lines or bytes, and from the start for `+N`.
enum Count {
    Lines(usize),
    Bytes(usize),
    FromLine(usize),
}

fn count(call: &Call<'_>, options: &super::Options) -> Result<Count, String> {
    let parse = |text: &str| {
        let (digits, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
            Some(at) if at > 0 => text.split_at(at),
            _ => (text, ""),
        };
        let factor = match unit {
            "" => Some(1),
            "k" | "K" => Some(1 << 10),
            "m" | "M" => Some(1 << 20),
            "G" => Some(1 << 30),
            _ => None,
        };
        let number: Option<usize> = digits.parse().ok();
        number
            .zip(factor)
            .and_then(|(number, factor): (usize, usize)| number.checked_mul(factor))
            .ok_or_else(|| format!("invalid number '{text}'"))
    };
    if let Some(text) = options.value('c') {
        return parse(text).map(Count::Bytes);
    }
    match options.value('n') {
        None => Ok(Count::Lines(10)),
        Some(text) => match text.strip_prefix('+') {
            Some(from) if call.name == "tail" => parse(from).map(Count::FromLine),
            _ => parse(text.trim_start_matches('-')).map(Count::Lines),
        },
    }
}

/// `-5` means `-n 5`.
fn modernised(arguments: &[String]) -> Vec<String> {
    arguments
        .iter()
        .map(|word| match word.strip_prefix('-') {
            Some(digits)
                if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                format!("-n{digits}")
            }
            _ => word.clone(),
        })
        .collect()
}

/// The options of `head` and `tail`, with the count they ask for.
fn asked(call: &Call<'_>, flags: &str) -> Result<(super::Options, Count), String> {
    let options = super::take(&modernised(call.arguments), flags, "nc")?;
    let count = count(call, &options)?;
    Ok((options, count))
}

pub async fn head(call: &Call<'_>) -> Outcome {
    let (options, count) = match asked(call, "qv") {
        Ok(asked) => asked,
        Err(why) => return call.complain(1, &why).await,
    };
    let (inputs, status) = call.inputs(&options.rest).await?;
    let many = inputs.len() > 1;
    for (at, (name, source)) in inputs.into_iter().enumerate() {
        if many {
            let gap = if at > 0 { "\n" } else { "" };
            call.out(format!("{gap}==> {name} <==\n")).await?;
        }
        let mut reader = source.reader().await;
        match count {
            Count::Bytes(mut left) => {
                while left > 0
                    && let Some(chunk) = reader.chunk().await
                {
                    let part = chunk.slice(..chunk.len().min(left));
                    left -= part.len();
                    call.out(part).await?;
                }
            }
            Count::Lines(lines) | Count::FromLine(lines) => {
                for _ in 0..lines {
                    let Some(line) = reader.line().await else {
                        break;
                    };
                    call.out(line).await?;
                }
            }
        }
    }
    Ok(status)
}

pub async fn tail(call: &Call<'_>) -> Outcome {
    let (options, count) = match asked(call, "fFqv") {
        Ok(asked) => asked,
        Err(why) => return call.complain(1, &why).await,
    };
    let (inputs, status) = call.inputs(&options.rest).await?;
    let many = inputs.len() > 1;
    for (at, (name, source)) in inputs.into_iter().enumerate() {
        if many {
            let gap = if at > 0 { "\n" } else { "" };
            call.out(format!("{gap}==> {name} <==\n")).await?;
        }
        let all = source.reader().await.all().await;
        call.out(&all[end_of(&all, &count)..]).await?;
    }
    if options.has('f') || options.has('F') {
        return follow(call, &options.rest).await;
    }
    Ok(status)
}

/// Where the part begins that `tail` shows.
fn end_of(all: &[u8], count: &Count) -> usize {
    match count {
        Count::Bytes(bytes) => all.len().saturating_sub(*bytes),
        Count::FromLine(line) => memchr::memchr_iter(b'\n', all)
            .nth(line.saturating_sub(2))
            .map_or(all.len(), |at| if *line < 2 { 0 } else { at + 1 }),
        Count::Lines(0) => all.len(),
        Count::Lines(lines) => {
            let body = all.strip_suffix(b"\n").unwrap_or(all);
            memchr::memrchr_iter(b'\n', body)
                .nth(lines - 1)
                .map_or(0, |at| at + 1)
        }
    }
}

/// Shows what is written behind what the files hold, for ever.
async fn follow(call: &Call<'_>, operands: &[String]) -> Outcome {
    let paths: Vec<String> = operands.iter().map(|operand| call.path(operand)).collect();
    let length = |path: &str| call.shell.container.meta(path).map_or(0, |meta| meta.size);
    let mut lengths: Vec<usize> = paths.iter().map(|path| length(path)).collect();
    loop {
        tokio::time::sleep(LOOK).await;
        for (path, known) in paths.iter().zip(&mut lengths) {
            let now = length(path);
            if now > *known {
                let news = call
                    .shell
                    .container
                    .fs()
                    .read(path)
                    .map(|bytes| bytes[(*known).min(bytes.len())..].to_vec())
                    .unwrap_or_default();
                call.out(news).await?;
            }
            *known = now;
        }
    }
}

pub async fn wc(call: &Call<'_>) -> Outcome {
    let options = options!(call, "lwcm", "");
    let (inputs, status) = call.inputs(&options.rest).await?;
    let named = !options.rest.is_empty();
    let many = inputs.len() > 1;
    let mut total = [0; 3];
    let mut text = String::new();
    let show = |counts: &[usize; 3], name: &str| {
        let all = !"lwcm".chars().any(|flag| options.has(flag));
        let wanted = [
            options.has('l') || all,
            options.has('w') || all,
            options.has('c') || options.has('m') || all,
        ];
        let shown: Vec<usize> = counts
            .iter()
            .zip(wanted)
            .filter(|(_, wanted)| *wanted)
            .map(|(count, _)| *count)
            .collect();
        let mut line = match shown.as_slice() {
            [only] => only.to_string(),
            several => several
                .iter()
                .map(|count| format!("{count:>9}"))
                .collect::<String>(),
        };
        if named || name == "total" {
            line += &format!(" {name}");
        }
        line + "\n"
    };
    for (name, source) in inputs {
        let mut counts = [0; 3];
        let mut reader = source.reader().await;
        let mut in_word = false;
        while let Some(chunk) = reader.chunk().await {
            counts[0] += memchr::memchr_iter(b'\n', &chunk).count();
            counts[2] += chunk.len();
            for byte in &chunk {
                let blank = byte.is_ascii_whitespace();
                counts[1] += usize::from(!blank && !in_word);
                in_word = !blank;
            }
        }
        text += &show(&counts, &name);
        for (sum, count) in total.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    if many {
        text += &show(&total, "total");
    }
    call.out(text).await?;
    Ok(status)
}

/// All lines of the operands, without their newlines.
async fn all_lines(
    call: &Call<'_>,
    operands: &[String],
) -> Result<(Vec<String>, i32), super::Stop> {
    let (inputs, status) = call.inputs(operands).await?;
    let mut lines = Vec::new();
    for (_, source) in inputs {
        let all = source.reader().await.all().await;
        lines.extend(String::from_utf8_lossy(&all).lines().map(str::to_owned));
    }
    Ok((lines, status))
}

fn joined(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().fold(String::new(), |mut text, line| {
        text += &line;
        text.push('\n');
        text
    })
}

pub async fn sort(call: &Call<'_>) -> Outcome {
    let options = options!(call, "rnufhb", "kt");
    let (mut lines, status) = all_lines(call, &options.rest).await?;
    let field: usize = options
        .value('k')
        .and_then(|key| key.split([',', '.', 'n', 'r']).next()?.parse().ok())
        .unwrap_or(0);
    let separator = options.value('t').and_then(|text| text.chars().next());
    let numeric = options.has('n')
        || options.has('h')
        || options.value('k').is_some_and(|key| key.contains('n'));
    let key = |line: &str| -> String {
        let part = match (field, separator) {
            (0, _) => line,
            (at, Some(c)) => line.split(c).nth(at - 1).unwrap_or_default(),
            (at, None) => line.split_whitespace().nth(at - 1).unwrap_or_default(),
        };
        if options.has('f') {
            part.to_lowercase()
        } else {
            part.to_owned()
        }
    };
    if numeric {
        lines.sort_by(|a, b| {
            number(&key(a))
                .total_cmp(&number(&key(b)))
                .then_with(|| a.cmp(b))
        });
    } else {
        lines.sort_by_cached_key(|line| (key(line), line.clone()));
    }
    if options.has('r') || options.value('k').is_some_and(|key| key.contains('r')) {
        lines.reverse();
    }
    if options.has('u') {
        lines.dedup_by_key(|line| key(line));
    }
    call.out(joined(lines)).await?;
    Ok(status)
}

/// The number that a text begins with.
fn number(text: &str) -> f64 {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && *c == '-')))
        .map_or(text.len(), |(at, _)| at);
    text[..end].parse().unwrap_or(0.0)
}

pub async fn uniq(call: &Call<'_>) -> Outcome {
    let options = options!(call, "cdu", "");
    let (lines, status) = all_lines(call, &options.rest).await?;
    let mut groups: Vec<(usize, String)> = Vec::new();
    for line in lines {
        match groups.last_mut() {
            Some((count, last)) if *last == line => *count += 1,
            _ => groups.push((1, line)),
        }
    }
    groups.retain(|(count, _)| {
        (!options.has('d') || *count > 1) && (!options.has('u') || *count == 1)
    });
    let shown = groups.into_iter().map(|(count, line)| {
        if options.has('c') {
            format!("{count:7} {line}")
        } else {
            line
        }
    });
    call.out(joined(shown)).await?;
    Ok(status)
}

pub async fn cut(call: &Call<'_>) -> Outcome {
    let options = options!(call, "s", "dfcb");
    let by_character = options.value('c').or(options.value('b'));
    let Some(list) = by_character.or(options.value('f')) else {
        return call
            .complain(1, "expected a list of bytes, characters, or fields")
            .await;
    };
    let mut ranges = Vec::new();
    for part in list.split(',') {
        let bound = |text: &str, open: usize| {
            if text.is_empty() {
                Some(open)
            } else {
                text.parse().ok()
            }
        };
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        match bound(from, 1).zip(bound(to, usize::MAX)) {
            Some((from, to)) if from > 0 => ranges.push(from..=to),
            _ => {
                return call
                    .complain(1, &format!("invalid field value '{part}'"))
                    .await;
            }
        }
    }
    let within = |at: usize| ranges.iter().any(|range| range.contains(&(at + 1)));
    let delimiter = options
        .value('d')
        .and_then(|text| text.chars().next())
        .unwrap_or('\t');
    let (lines, status) = all_lines(call, &options.rest).await?;
    let shown = lines.into_iter().filter_map(|line| {
        if by_character.is_some() {
            return Some(
                line.chars()
                    .enumerate()
                    .filter(|(at, _)| within(*at))
                    .map(|(_, c)| c)
                    .collect(),
            );
        }
        if !line.contains(delimiter) {
            return (!options.has('s')).then_some(line);
        }
        let fields: Vec<&str> = line
            .split(delimiter)
            .enumerate()
            .filter(|(at, _)| within(*at))
            .map(|(_, field)| field)
            .collect();
        Some(fields.join(&delimiter.to_string()))
    });
    call.out(joined(shown)).await?;
    Ok(status)
}

pub async fn tr(call: &Call<'_>) -> Outcome {
    let options = options!(call, "ds", "");
    let sets: Vec<Vec<u8>> = options.rest.iter().map(|text| set(text)).collect();
    let (from, to) = match sets.as_slice() {
        [from] if options.has('d') || options.has('s') => (from.as_slice(), &[][..]),
        [from, to] if !to.is_empty() => (from.as_slice(), to.as_slice()),
        _ => {
            return call
                .complain(1, "expected one set to delete or two to translate")
                .await;
        }
    };
    let mut table: Vec<Option<u8>> = (0..=255).map(Some).collect();
    for (at, byte) in from.iter().enumerate() {
        table[usize::from(*byte)] = if options.has('d') {
            None
        } else {
            to.get(at).or(to.last()).copied().or(Some(*byte))
        };
    }
    let squeezed = if to.is_empty() { from } else { to };
    let mut last = None;
    let mut reader = call.io.stdin.reader().await;
    while let Some(chunk) = reader.chunk().await {
        let mut translated = Vec::with_capacity(chunk.len());
        for byte in chunk.iter().filter_map(|byte| table[usize::from(*byte)]) {
            if !(options.has('s') && last == Some(byte) && squeezed.contains(&byte)) {
                translated.push(byte);
            }
            last = Some(byte);
        }
        call.out(translated).await?;
    }
    Ok(0)
}

/// The bytes of a set such as `a-z\n`.
fn set(text: &str) -> Vec<u8> {
    let text = match text {
        "[:upper:]" => "A-Z",
        "[:lower:]" => "a-z",
        "[:digit:]" => "0-9",
        "[:space:]" => " \t\n\r",
        "[:alpha:]" => "A-Za-z",
        "[:alnum:]" => "A-Za-z0-9",
        other => other,
    };
    let bytes = super::print::unescaped(text);
    let mut all = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if at + 2 < bytes.len() && bytes[at + 1] == b'-' && bytes[at] <= bytes[at + 2] {
            all.extend(bytes[at]..=bytes[at + 2]);
            at += 3;
        } else {
            all.push(bytes[at]);
            at += 1;
        }
    }
    all
}
