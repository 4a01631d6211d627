//! What a log request asks for, read and refused as the API server does.

use jiff::Timestamp;

use super::stamp::{SECOND, nanos};
use crate::demo::{error::ApiError, request::Query};

/// The options of one log request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "three independent switches of the API"
)]
pub struct Wanted {
    /// The container; absent for the only one.
    pub container: Option<String>,
    /// Go on with what the container writes.
    pub follow: bool,
    /// The run before this one.
    pub previous: bool,
    /// A stamp before each line.
    pub timestamps: bool,
    /// Only so many lines from the end.
    pub tail: Option<u64>,
    /// Only so many bytes.
    pub limit: Option<u64>,
    /// Only lines from this moment on.
    pub since: Option<Since>,
}

/// From when on lines are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So many seconds before now.
    Seconds(i64),
    /// This moment, in nanoseconds since 1970; a whole second, as the API carries no more.
    Moment(i64),
}

impl Wanted {
    /// Reads the options for the pod called `name`.
    ///
    /// # Errors
    /// `BadRequest` for what cannot be read, `Invalid` for what makes no sense.
    pub fn parse(query: &Query, name: &str) -> Result<Self, ApiError> {
        let wanted = Self {
            container: query.get("container").map(str::to_owned),
            follow: query.flag("follow"),
            previous: query.flag("previous"),
            timestamps: query.flag("timestamps"),
            tail: at_least(query, name, "tailLines", 0)?,
            limit: at_least(query, name, "limitBytes", 1)?,
            since: None,
        };
        let seconds = at_least(query, name, "sinceSeconds", 1)?;
        let moment = query.get("sinceTime").map(moment).transpose()?;
        let since = match (seconds, moment) {
            (Some(_), Some(_)) => {
                let why =
                    "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified";
                return Err(invalid(name, "", why));
            }
            (Some(seconds), None) => {
                Some(Since::Seconds(i64::try_from(seconds).unwrap_or(i64::MAX)))
            }
            (None, moment) => moment.map(Since::Moment),
        };
        Ok(Self { since, ..wanted })
    }

    /// The moment from which lines are wanted, in nanoseconds since 1970.
    pub fn from(&self, now: i64) -> i64 {
        match self.since {
            None => i64::MIN,
            Some(Since::Seconds(seconds)) => now.saturating_sub(seconds.saturating_mul(SECOND)),
            Some(Since::Moment(at)) => at,
        }
    }
}

fn moment(text: &str) -> Result<i64, ApiError> {
    let at: Timestamp = text.parse().map_err(|_| {
        ApiError::bad_request(format!(
            "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\""
        ))
    })?;
    Ok(nanos(at).div_euclid(SECOND).saturating_mul(SECOND))
}

fn at_least(query: &Query, name: &str, key: &str, least: i64) -> Result<Option<u64>, ApiError> {
    let Some(text) = query.get(key) else {
        return Ok(None);
    };
    let number: i64 = text.parse().map_err(|_| {
        ApiError::bad_request(format!(
            "strconv.ParseInt: parsing \"{text}\": invalid syntax"
        ))
    })?;
    if number < least {
        let rule = if least == 0 {
            "must be greater than or equal to 0"
        } else {
            "must be greater than 0"
        };
        let why = format!("Invalid value: {number}: {rule}");
        return Err(invalid(name, key, &why));
    }
    Ok(u64::try_from(number).ok())
}

fn invalid(name: &str, field: &str, why: &str) -> ApiError {
    let mut error = ApiError::new(
        422,
        "Invalid",
        format!("PodLogOptions \"{name}\" is invalid: {field}: {why}"),
    );
    error.details = serde_json::json!({
        "name": name, "kind": "PodLogOptions",
        "causes": [{"reason": "FieldValueInvalid", "message": why, "field": field}],
    });
    error
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Wanted, (u16, String)> {
        Wanted::parse(&Query::parse(query), "web").map_err(|error| (error.code, error.message))
    }

    #[test]
    fn a_moment_is_rounded_down_to_its_second() {
        let wanted = parse("sinceTime=2026-11-23T10:04:11.9%2B00:00&tailLines=0").unwrap();
        assert_eq!(wanted.from(0), 1_795_428_251 * SECOND);
        assert_eq!(wanted.tail, Some(0));
        let ago = parse("sinceSeconds=5").unwrap();
        assert_eq!(ago.from(7 * SECOND + 3), 2 * SECOND + 3);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (query, code, part) in [
            ("tailLines=-1", 422, "greater than or equal to 0"),
            ("limitBytes=0", 422, "must be greater than 0"),
            ("sinceSeconds=0", 422, "must be greater than 0"),
            ("tailLines=x", 400, "invalid syntax"),
            ("sinceTime=yesterday", 400, "yesterday"),
            (
                "sinceSeconds=1&sinceTime=2026-11-23T10:04:11Z",
                422,
                "at most one of",
            ),
        ] {
            let (got, message) = parse(query).unwrap_err();
            assert!(got == code && message.contains(part), "{query}: {message}");
        }
    }
}
