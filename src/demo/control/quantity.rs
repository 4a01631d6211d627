//! Resource quantities as manifests write them (`250m`, `1.5`, `64Mi`), in whole units.

/// Thousandths of the unit: millicores for CPU. What cannot be read counts as none.
pub fn milli(text: &str) -> i64 {
    scaled(text, 1000.0)
}

/// MiB, rounded up. What cannot be read counts as none.
pub fn mebi(text: &str) -> i64 {
    scaled(text, 1.0 / 1_048_576.0)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "quantities of a demo machine are far below 2^53"
)]
fn scaled(text: &str, factor: f64) -> i64 {
    let split = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let unit = match suffix {
        "" => 1.0,
        "m" => 0.001,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return 0,
    };
    number
        .parse::<f64>()
        .map_or(0, |number| (number * unit * factor).ceil() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_writes_them() {
        assert_eq!(
            [milli("250m"), milli("2"), milli("1.5"), milli("x")],
            [250, 2000, 1500, 0]
        );
        assert_eq!(
            [mebi("64Mi"), mebi("2Gi"), mebi("65842716Ki"), mebi("1G")],
            [64, 2048, 64_300, 954]
        );
        assert_eq!(milli("1e9q"), 0);
    }
}
