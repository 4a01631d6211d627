//! Exit codes, and which error gets which.

use crate::domain::build::{Fault, FaultSort};
use crate::domain::feed::{Failure, FailureSort};
use std::fmt;
use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// It was done.
    Done = 0,
    /// It could not be done.
    Failed = 1,
    /// It was not understood.
    Usage = 2,
    /// The server said that we may not.
    Forbidden = 3,
    /// What was named does not exist.
    NotFound = 4,
    /// There was no answer, or nobody to ask.
    Unreachable = 5,
}

impl Code {
    /// The code for an error: that of a [`Refusal`] or a [`Fault`] inside it, else
    /// [`Self::Failed`].
    pub fn of(error: &anyhow::Error) -> Self {
        let refusal = error.downcast_ref::<Refusal>();
        let fault = error.downcast_ref::<Fault>();
        refusal
            .map(|it| it.code)
            .or_else(|| fault.map(|it| it.sort.into()))
            .unwrap_or(Self::Failed)
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

impl From<FailureSort> for Code {
    fn from(sort: FailureSort) -> Self {
        match sort {
            FailureSort::Forbidden | FailureSort::Unauthorized | FailureSort::ReadOnly => {
                Self::Forbidden
            }
            FailureSort::NotFound => Self::NotFound,
            FailureSort::Unreachable => Self::Unreachable,
            FailureSort::Config | FailureSort::Conflict | FailureSort::Other => Self::Failed,
        }
    }
}

impl From<FaultSort> for Code {
    fn from(sort: FaultSort) -> Self {
        match sort {
            FaultSort::NoEngine | FaultSort::NoSource | FaultSort::Registry => Self::Unreachable,
            FaultSort::Denied => Self::Forbidden,
            FaultSort::Missing => Self::NotFound,
            FaultSort::Usage => Self::Usage,
            FaultSort::NotVerified | FaultSort::Context | FaultSort::Build | FaultSort::Project => {
                Self::Failed
            }
        }
    }
}

/// An error with an exit code of its own.
#[derive(Debug)]
pub struct Refusal {
    /// How the program ends.
    pub code: Code,
    /// What, why, and what to do.
    pub message: String,
}

impl Refusal {
    /// An error that ends the program with `code`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let mut message = failure.what.to_string();
        for (glue, part) in [(": ", &failure.why), ("\n", &failure.remedy)] {
            if !part.is_empty() {
                message.push_str(glue);
                message.push_str(part);
            }
        }
        Self::new(failure.sort.into(), message)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::new(fault.sort.into(), fault.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_code_below_a_context() {
        let refusal = Refusal::new(Code::Forbidden, "no");
        let error = anyhow::Error::from(refusal).context("list pods");
        assert_eq!(Code::of(&error), Code::Forbidden);
        assert_eq!(Code::of(&anyhow::anyhow!("x")), Code::Failed);
    }
}
