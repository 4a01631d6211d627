//! `$((...))`: whole numbers, the usual operators, variables and assignment.

use std::collections::BTreeMap;

/// How deep parentheses may lie in one another.
const DEEPEST: usize = 64;

/// The value of an expression.
///
/// # Errors
/// What is wrong with it.
pub fn evaluate(text: &str, vars: &mut BTreeMap<String, String>) -> Result<i64, String> {
    let mut reader = Reader {
        text: text.as_bytes(),
        at: 0,
        depth: 0,
        vars,
    };
    reader.blanks();
    if reader.at == reader.text.len() {
        return Ok(0);
    }
    let value = reader.assignment()?;
    reader.blanks();
    if reader.at == reader.text.len() {
        Ok(value)
    } else {
        Err(reader.error())
    }
}

/// Binary operators, the loosest first; longer ones before their beginnings.
const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    vars: &'a mut BTreeMap<String, String>,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn error(&self) -> String {
        let rest = String::from_utf8_lossy(&self.text[self.at..]).into_owned();
        format!("arithmetic syntax error near {rest:?}")
    }

    fn starts(&self, with: &str) -> bool {
        self.text[self.at..].starts_with(with.as_bytes())
    }

    fn name(&mut self) -> String {
        let from = self.at;
        while self.text.get(self.at).is_some_and(|c| {
            c.is_ascii_alphabetic() || *c == b'_' || (self.at > from && c.is_ascii_digit())
        }) {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.text[from..self.at]).into_owned()
    }

    fn assignment(&mut self) -> Result<i64, String> {
        self.blanks();
        let before = self.at;
        self.starts("$").then(|| self.at += 1);
        let name = self.name();
        self.blanks();
        let operator = ["+=", "-=", "*=", "/=", "%=", "="]
            .into_iter()
            .find(|operator| self.starts(operator));
        match operator {
            Some(operator) if !name.is_empty() && !self.starts("==") => {
                self.at += operator.len();
                let right = self.assignment()?;
                let left = self.value(&name);
                let value = match operator {
                    "=" => right,
                    other => apply(&other[..1], left, right)?,
                };
                self.vars.insert(name, value.to_string());
                Ok(value)
            }
            _ => {
                self.at = before;
                self.choice()
            }
        }
    }

    fn choice(&mut self) -> Result<i64, String> {
        let condition = self.binary(0)?;
        self.blanks();
        if !self.starts("?") {
            return Ok(condition);
        }
        self.at += 1;
        let yes = self.assignment()?;
        self.blanks();
        if !self.starts(":") {
            return Err(self.error());
        }
        self.at += 1;
        let no = self.assignment()?;
        Ok(if condition == 0 { no } else { yes })
    }

    fn binary(&mut self, level: usize) -> Result<i64, String> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        loop {
            self.blanks();
            let found = operators.iter().find(|operator| self.starts(operator));
            // `|` is not the beginning of `||`, nor `<` of `<<`.
            let longer = |operator: &str| {
                operator.len() == 1
                    && "|&<>".contains(operator)
                    && self.text.get(self.at + 1) == operator.as_bytes().first()
            };
            let Some(operator) = found.filter(|operator| !longer(operator)) else {
                return Ok(left);
            };
            self.at += operator.len();
            let right = self.binary(level + 1)?;
            left = apply(operator, left, right)?;
        }
    }

    fn unary(&mut self) -> Result<i64, String> {
        self.blanks();
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("arithmetic nested too deeply".to_owned());
        }
        let value = match self.text.get(self.at) {
            Some(b'-') => {
                self.at += 1;
                self.unary()?.wrapping_neg()
            }
            Some(b'+') => {
                self.at += 1;
                self.unary()?
            }
            Some(b'!') => {
                self.at += 1;
                i64::from(self.unary()? == 0)
            }
            Some(b'~') => {
                self.at += 1;
                !self.unary()?
            }
            Some(b'(') => {
                self.at += 1;
                let value = self.assignment()?;
                self.blanks();
                if !self.starts(")") {
                    return Err(self.error());
                }
                self.at += 1;
                value
            }
            Some(b'0'..=b'9') => {
                let from = self.at;
                while self
                    .text
                    .get(self.at)
                    .is_some_and(u8::is_ascii_alphanumeric)
                {
                    self.at += 1;
                }
                number(&String::from_utf8_lossy(&self.text[from..self.at]))?
            }
            _ => {
                self.starts("$").then(|| self.at += 1);
                let name = self.name();
                if name.is_empty() {
                    return Err(self.error());
                }
                self.value(&name)
            }
        };
        self.depth -= 1;
        Ok(value)
    }

    fn value(&self, name: &str) -> i64 {
        let value = self.vars.get(name).map_or("", String::as_str);
        number(value.trim()).unwrap_or(0)
    }
}

fn number(text: &str) -> Result<i64, String> {
    let parsed = if let Some(hex) = text.strip_prefix("0x") {
        i64::from_str_radix(hex, 16)
    } else if text.len() > 1 && text.starts_with('0') {
        i64::from_str_radix(text, 8)
    } else {
        text.parse()
    };
    parsed.map_err(|_| format!("{text:?} is no number"))
}

fn apply(operator: &str, left: i64, right: i64) -> Result<i64, String> {
    let shift = u32::try_from(right & 63).unwrap_or(0);
    Ok(match operator {
        "||" => i64::from(left != 0 || right != 0),
        "&&" => i64::from(left != 0 && right != 0),
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "<=" => i64::from(left <= right),
        ">=" => i64::from(left >= right),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<<" => left.wrapping_shl(shift),
        ">>" => left.wrapping_shr(shift),
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        _ if right == 0 => return Err("division by zero".to_owned()),
        "/" => left.wrapping_div(right),
        _ => left.wrapping_rem(right),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_have_their_values() {
        let mut vars = BTreeMap::from([("x".to_owned(), "7".to_owned())]);
        for (text, wanted) in [
            ("", 0),
            ("1+2*3", 7),
            ("(1+2)*3", 9),
            ("-x % 4", -3),
            ("$x + y", 7),
            ("1 << 4 | 1", 17),
            ("3 > 2 && 2 >= 2 || 0", 1),
            ("x == 7 ? 10 : 20", 10),
            ("y = x += 3", 10),
            ("0x10 + 010", 24),
            ("!5 + ~0", -1),
            ("9223372036854775807 + 1", i64::MIN),
        ] {
            assert_eq!(evaluate(text, &mut vars), Ok(wanted), "{text}");
        }
        assert_eq!(vars["y"], "10");
        for wrong in ["1 +", "1 2", "1/0", "(1", "%", "0z"] {
            assert!(evaluate(wrong, &mut vars).is_err(), "{wrong}");
        }
        assert!(evaluate(&"(".repeat(1000), &mut vars).is_err());
    }
}
