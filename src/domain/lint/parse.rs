//! Instructions of a Dockerfile with their lines.

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The keyword in upper case.
    pub keyword: String,
    /// The keyword as it is written.
    pub written: String,
    /// Flags (`--from=build`), without the dashes.
    pub flags: Vec<(String, String)>,
    /// What stands behind keyword and flags, continuation lines joined.
    pub rest: String,
    /// 1-based line of the keyword.
    pub line: usize,
}

impl Instruction {
    /// The value of a flag.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The words of an exec form; nothing when it is a shell form.
    pub fn exec(&self) -> Option<Vec<String>> {
        serde_json::from_str(self.rest.trim()).ok()
    }
}

/// All instructions. Comments and empty lines are skipped; a line that is no instruction comes out
/// as one with an unknown keyword.
pub fn parse(text: &str) -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let mut whole = String::new();
        let mut part = line.trim();
        loop {
            let Some(joined) = part.strip_suffix('\\') else {
                whole.push_str(part);
                break;
            };
            whole.push_str(joined.trim_end());
            whole.push(' ');
            let next = lines.find(|(_, line)| {
                let line = line.trim();
                !line.is_empty() && !line.starts_with('#')
            });
            match next {
                Some((_, next)) => part = next.trim(),
                None => break,
            }
        }
        let instruction = instruction(whole.trim(), at + 1);
        // The text of a here-document is no instruction.
        for end in heredocs(&instruction) {
            let _skipped = lines.find(|(_, line)| line.trim() == end);
        }
        found.push(instruction);
    }
    found
}

fn instruction(whole: &str, line: usize) -> Instruction {
    let (written, mut rest) = whole.split_once(char::is_whitespace).unwrap_or((whole, ""));
    let mut flags = Vec::new();
    rest = rest.trim_start();
    while let Some(flag) = rest.strip_prefix("--") {
        let (flag, after) = flag.split_once(char::is_whitespace).unwrap_or((flag, ""));
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        flags.push((name.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    Instruction {
        keyword: written.to_ascii_uppercase(),
        written: written.to_owned(),
        flags,
        rest: rest.to_owned(),
        line,
    }
}

/// The words that end the here-documents of an instruction.
fn heredocs(instruction: &Instruction) -> Vec<String> {
    if !matches!(instruction.keyword.as_str(), "RUN" | "COPY" | "ADD") {
        return Vec::new();
    }
    let words = instruction.rest.split_whitespace();
    words
        .filter_map(|word| {
            let end = word.strip_prefix("<<")?;
            let end = end.trim_start_matches('-').trim_matches(['"', '\'']);
            let plain =
                !end.is_empty() && end.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            plain.then(|| end.to_owned())
        })
        .collect()
}
