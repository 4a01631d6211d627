//! `test` and `[`.

use super::{Call, Outcome};

pub async fn test(call: &Call<'_>) -> Outcome {
    let mut words: Vec<&str> = call.arguments.iter().map(String::as_str).collect();
    if call.name == "[" && words.pop() != Some("]") {
        return call.complain(2, "missing ]").await;
    }
    let mut reader = Reader {
        call,
        words: &words,
        at: 0,
    };
    let value = reader.either();
    match value {
        Ok(value) if reader.at == words.len() => Ok(i32::from(!value)),
        Ok(_) => {
            call.complain(2, &format!("{}: unknown operand", words[reader.at]))
                .await
        }
        Err(why) => call.complain(2, &why).await,
    }
}

struct Reader<'a> {
    call: &'a Call<'a>,
    words: &'a [&'a str],
    at: usize,
}

impl<'a> Reader<'a> {
    fn word(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at).copied();
        self.at += usize::from(word.is_some());
        word
    }

    fn next_is(&mut self, word: &str) -> bool {
        let is = self.words.get(self.at) == Some(&word);
        self.at += usize::from(is);
        is
    }

    fn either(&mut self) -> Result<bool, String> {
        let mut value = self.both()?;
        while self.next_is("-o") {
            value |= self.both()?;
        }
        Ok(value)
    }

    fn both(&mut self) -> Result<bool, String> {
        let mut value = self.one()?;
        while self.next_is("-a") {
            value &= self.one()?;
        }
        Ok(value)
    }

    fn one(&mut self) -> Result<bool, String> {
        let operator = self.words.get(self.at + 1).copied();
        if let Some(operator) = operator.filter(|word| is_binary(word))
            && self.words.len() > self.at + 2
        {
            let left = self.word().unwrap_or_default();
            self.at += 1;
            let right = self.word().unwrap_or_default();
            return compare(left, operator, right);
        }
        match self.word() {
            None => Ok(false),
            Some("!") if self.at < self.words.len() => Ok(!self.one()?),
            Some("(") if self.at < self.words.len() => {
                let value = self.either()?;
                if self.next_is(")") {
                    Ok(value)
                } else {
                    Err("missing )".to_owned())
                }
            }
            Some(word)
                if word.len() == 2 && word.starts_with('-') && self.at < self.words.len() =>
            {
                let operand = self.word().unwrap_or_default();
                self.unary(word, operand)
            }
            Some(word) => Ok(!word.is_empty()),
        }
    }

    fn unary(&self, operator: &str, operand: &str) -> Result<bool, String> {
        let meta = || self.call.shell.container.meta(&self.call.path(operand));
        Ok(match operator {
            "-n" => !operand.is_empty(),
            "-z" => operand.is_empty(),
            "-e" | "-r" | "-w" => meta().is_some(),
            "-f" => meta().is_some_and(|meta| !meta.folder),
            "-d" => meta().is_some_and(|meta| meta.folder),
            "-s" => meta().is_some_and(|meta| meta.size > 0),
            "-x" => meta().is_some_and(|meta| meta.mode & 0o111 != 0),
            "-L" | "-h" => false,
            "-t" => {
                operand.parse::<u8>().is_ok_and(|stream| stream <= 2)
                    && self.call.shell.tty.is_some()
            }
            _ => return Err(format!("{operator}: unknown operand")),
        })
    }
}

fn is_binary(word: &str) -> bool {
    matches!(
        word,
        "=" | "==" | "!=" | "<" | ">" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge"
    )
}

fn compare(left: &str, operator: &str, right: &str) -> Result<bool, String> {
    let number = |text: &str| {
        text.trim()
            .parse::<i64>()
            .map_err(|_| format!("{text}: bad number"))
    };
    Ok(match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "-eq" => number(left)? == number(right)?,
        "-ne" => number(left)? != number(right)?,
        "-lt" => number(left)? < number(right)?,
        "-le" => number(left)? <= number(right)?,
        "-gt" => number(left)? > number(right)?,
        _ => number(left)? >= number(right)?,
    })
}
