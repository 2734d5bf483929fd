//! What became of each input of a bulk run.

use crate::error::Error;

/// What became of one input of a bulk run.
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkOutcome<I, T> {
    /// The position of the input, from 0.
    pub index: u64,
    /// The input.
    pub input: I,
    /// What became of it.
    pub status: BulkStatus<T>,
}

/// What became of the operation of one input.
#[derive(Debug)]
#[non_exhaustive]
pub enum BulkStatus<T> {
    /// The operation was carried out; the value is its result, or what a look-up found of it.
    Applied(T),
    /// The journal records that an earlier run carried it out. It was not repeated.
    AppliedBefore,
    /// The operation was not carried out.
    NotApplied(Error),
    /// The journal records that the server refused it in an earlier run. It was not repeated.
    NotAppliedBefore,
    /// Whether it was carried out is not known, and it was not repeated. The error is that of the call, or of the look-up; there is none
    /// if an earlier run was interrupted and no look-up is possible.
    MayHaveBeenApplied(Option<Error>),
}

/// Whether an operation was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Applied {
    /// It was.
    Yes,
    /// It was not.
    No,
    /// It may have been.
    Maybe,
}

impl<T> BulkStatus<T> {
    /// Whether the operation was carried out, in this run or an earlier one.
    pub fn applied(&self) -> Applied {
        match self {
            Self::Applied(_) | Self::AppliedBefore => Applied::Yes,
            Self::NotApplied(_) | Self::NotAppliedBefore => Applied::No,
            Self::MayHaveBeenApplied(_) => Applied::Maybe,
        }
    }

    /// The result, if the operation was carried out in this run or a look-up found it.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Applied(value) => Some(value),
            _ => None,
        }
    }

    /// The error, if there is one.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::NotApplied(error) | Self::MayHaveBeenApplied(Some(error)) => Some(error),
            _ => None,
        }
    }
}
