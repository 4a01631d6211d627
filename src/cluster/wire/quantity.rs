//! Kubernetes quantities: `100m`, `2`, `1.5Gi`, `3e3`.

/// The quantity in thousandths, rounded up as Kubernetes rounds; `None` when it is not one.
pub(in crate::cluster) fn thousandths(text: &str) -> Option<u64> {
    scaled(text, 3)
}

/// The quantity in whole units, rounded up; `None` when it is not one.
pub(in crate::cluster) fn whole(text: &str) -> Option<u64> {
    scaled(text, 0)
}

/// `text` × 10^`shift`, rounded up.
fn scaled(text: &str, shift: i32) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '+')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let number = number.strip_prefix('+').unwrap_or(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mantissa: u128 = format!("{whole}{fraction}").parse().ok()?;
    let (power_of_two, power_of_ten) = suffix_powers(suffix)?;
    let tens = power_of_ten + shift - i32::try_from(fraction.len()).ok()?;
    let value = mantissa.checked_mul(1_u128.checked_shl(power_of_two)?)?;
    let factor = 10_u128.checked_pow(tens.unsigned_abs())?;
    let value = if tens < 0 {
        value.div_ceil(factor)
    } else {
        value.checked_mul(factor)?
    };
    u64::try_from(value).ok()
}

/// The powers of two and of ten that a suffix stands for.
fn suffix_powers(suffix: &str) -> Option<(u32, i32)> {
    Some(match suffix {
        "" => (0, 0),
        "n" => (0, -9),
        "u" => (0, -6),
        "m" => (0, -3),
        "k" => (0, 3),
        "M" => (0, 6),
        "G" => (0, 9),
        "T" => (0, 12),
        "P" => (0, 15),
        "E" => (0, 18),
        "Ki" => (10, 0),
        "Mi" => (20, 0),
        "Gi" => (30, 0),
        "Ti" => (40, 0),
        "Pi" => (50, 0),
        "Ei" => (60, 0),
        exponent => {
            let digits = exponent.strip_prefix(['e', 'E'])?;
            let power: i32 = digits.parse().ok()?;
            (0, (-18..=18).contains(&power).then_some(power)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read() {
        let cases = [
            ("4", Some(4000)),
            ("3920m", Some(3920)),
            ("0.5", Some(500)),
            ("1e3", Some(1_000_000)),
            ("100n", Some(1)),
            ("", None),
            ("much", None),
            ("-1", None),
            ("1e99", None),
        ];
        for (text, milli) in cases {
            assert_eq!(thousandths(text), milli, "{text}");
        }
        assert_eq!(whole("16Ki"), Some(16_384));
        assert_eq!(whole("1.5Gi"), Some(1_610_612_736));
        assert_eq!(whole("2M"), Some(2_000_000));
        assert_eq!(whole("99999999999999Ei"), None);
    }
}
