//! Five-field cron schedules as a `CronJob` writes them. Pure: instants come in, instants go out.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// Minutes that are searched for the next match before a schedule counts as never firing:
/// five years reach every 29th of February.
const HORIZON_DAYS: i32 = 5 * 366;

/// A parsed schedule: one bit per allowed value of each field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Both day fields are restricted, so that either may match.
    either_day: bool,
}

impl Schedule {
    /// Reads `minute hour day month weekday`, with lists, ranges, steps, names and the `@hourly`
    /// family. The error says which field is wrong and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other => other,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(format!(
                "expected exactly 5 fields, found {}: [{text}]",
                fields.len()
            ));
        };
        let weekdays = bits(weekday, "day of week", 0, 7, WEEKDAYS)?;
        Ok(Self {
            minutes: bits(minute, "minute", 0, 59, &[])?,
            hours: bits(hour, "hour", 0, 23, &[])?,
            days: bits(day, "day of month", 1, 31, &[])?,
            months: bits(month, "month", 1, 12, MONTHS)?,
            // 7 is Sunday as well.
            weekdays: (weekdays | (weekdays >> 7)) & 0x7f,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        })
    }

    /// The first instant after `after` that the schedule names, in the given time zone.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let start = after
            .to_zoned(zone.clone())
            .datetime()
            .checked_add(1.minute())
            .ok()?;
        let mut at = start.with().second(0).subsec_nanosecond(0).build().ok()?;
        let end = at.checked_add(HORIZON_DAYS.days()).ok()?;
        while at <= end {
            at = match self.look(at) {
                Look::Match => {
                    let found = zone.to_ambiguous_timestamp(at).compatible().ok()?;
                    if found > after {
                        return Some(found);
                    }
                    at.checked_add(1.minute()).ok()?
                }
                Look::Later(later) => later?,
            };
        }
        None
    }

    /// Whether `at` matches, and if not, what is worth a look next.
    fn look(&self, at: DateTime) -> Look {
        if !has(self.months, at.month()) || !self.day_matches(at) {
            let midnight = at.with().hour(0).minute(0).build().ok();
            return Look::Later(midnight.and_then(|day| day.checked_add(1.day()).ok()));
        }
        if !has(self.hours, at.hour()) {
            let hour = at.with().minute(0).build().ok();
            return Look::Later(hour.and_then(|hour| hour.checked_add(1.hour()).ok()));
        }
        if !has(self.minutes, at.minute()) {
            return Look::Later(at.checked_add(1.minute()).ok());
        }
        Look::Match
    }

    fn day_matches(&self, at: DateTime) -> bool {
        let day = has(self.days, at.day());
        let weekday = has(self.weekdays, at.weekday().to_sunday_zero_offset());
        if self.either_day {
            day || weekday
        } else {
            day && weekday
        }
    }
}

/// What one date and time is to a schedule.
enum Look {
    /// A match.
    Match,
    /// None, and the next one to try; nothing when the calendar ends.
    Later(Option<DateTime>),
}

const MONTHS: &[&str] = &[
    "", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

fn has(bits: u64, value: i8) -> bool {
    bits >> value & 1 == 1
}

fn bits(field: &str, what: &str, low: u32, high: u32, names: &[&str]) -> Result<u64, String> {
    field.split(',').try_fold(0, |all, part| {
        let (range, step) = part
            .split_once('/')
            .map_or((part, None), |(range, step)| (range, Some(step)));
        let step = match step {
            None => 1,
            Some(text) => text
                .parse()
                .ok()
                .filter(|step| *step > 0)
                .ok_or_else(|| format!("{what}: bad step in {part:?}"))?,
        };
        let one = |text: &str| {
            number(text, low, high, names)
                .ok_or_else(|| format!("{what}: {text:?} is not in {low}-{high}"))
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (low, high),
            Some((from, to)) => (one(from)?, one(to)?),
            None if part.contains('/') => (one(range)?, high),
            None => (one(range)?, one(range)?),
        };
        if from > to {
            return Err(format!("{what}: {range:?} runs backwards"));
        }
        Ok((from..=to)
            .step_by(step)
            .fold(all, |bits, value| bits | 1 << value))
    })
}

fn number(text: &str, low: u32, high: u32, names: &[&str]) -> Option<u32> {
    let by_name = || {
        names
            .iter()
            .position(|name| !name.is_empty() && text.eq_ignore_ascii_case(name))
    };
    let value = text
        .parse()
        .ok()
        .or_else(|| by_name().and_then(|at| u32::try_from(at).ok()))?;
    (low..=high).contains(&value).then_some(value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn next(schedule: &str, after: &str) -> String {
        let schedule = Schedule::parse(schedule).unwrap();
        schedule
            .next(after.parse().unwrap(), &TimeZone::UTC)
            .map_or("never".to_owned(), |at| at.to_string())
    }

    #[test]
    fn the_next_match_is_the_first_one_after() {
        assert_eq!(
            next("*/15 * * * *", "2026-03-01T10:07:30Z"),
            "2026-03-01T10:15:00Z"
        );
        assert_eq!(
            next("*/15 * * * *", "2026-03-01T10:15:00Z"),
            "2026-03-01T10:30:00Z"
        );
        assert_eq!(
            next("30 3 * * *", "2026-03-01T10:00:00Z"),
            "2026-03-02T03:30:00Z"
        );
        assert_eq!(
            next("0 9 * * mon-fri", "2026-03-06T09:00:00Z"),
            "2026-03-09T09:00:00Z"
        );
        assert_eq!(
            next("0 0 29 feb *", "2026-03-01T00:00:00Z"),
            "2028-02-29T00:00:00Z"
        );
        assert_eq!(
            next("@hourly", "2026-12-31T23:59:59Z"),
            "2027-01-01T00:00:00Z"
        );
        assert_eq!(
            next("5,35 8-10/2 * * 7", "2026-03-01T08:05:00Z"),
            "2026-03-01T08:35:00Z"
        );
    }

    #[test]
    fn two_restricted_day_fields_match_either() {
        assert_eq!(
            next("0 0 13 * 5", "2026-03-01T00:00:00Z"),
            "2026-03-06T00:00:00Z"
        );
        assert_eq!(next("0 0 30 2 *", "2026-03-01T00:00:00Z"), "never");
    }

    #[test]
    fn a_zone_is_respected() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let at = Schedule::parse("0 6 * * *")
            .unwrap()
            .next("2026-03-01T00:00:00Z".parse().unwrap(), &zone)
            .unwrap();
        assert_eq!(at.to_string(), "2026-03-01T04:00:00Z");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(Schedule::parse("* * *").unwrap_err().contains("5 fields"));
        assert!(
            Schedule::parse("61 * * * *")
                .unwrap_err()
                .contains("minute")
        );
        assert!(Schedule::parse("* * * * */0").unwrap_err().contains("step"));
        assert!(
            Schedule::parse("* 9-8 * * *")
                .unwrap_err()
                .contains("backwards")
        );
    }
}
