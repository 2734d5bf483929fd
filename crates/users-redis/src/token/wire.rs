//! What a process and the script exchange. Durations are in milliseconds.

use redis::{FromRedisValue as _, RedisError, Value};
use std::time::Duration;

/// What a process requests.
#[derive(Clone, Debug)]
pub(super) enum Request {
    /// The token, or the permission to fetch it. A version that a 401 rejected is dropped.
    Get { rejected: u64 },
    /// Stores a token. Its lifetime counts from a time of Redis.
    Put { version: u64, from: u64, lifetime: Duration, sealed: Vec<u8> },
    /// Gives the permission back, after a failure if there is a text.
    Release { failure: String },
}

/// What the script answers.
#[derive(Debug)]
pub(super) enum Reply {
    Use {
        version: u64,
        left: Duration,
        sealed: Vec<u8>,
    },
    Fetch(Grant),
    Wait {
        time: Duration,
        failure: Option<Failure>,
    },
    /// A token was stored or not, or the permission was given back.
    Done,
}

/// The permission to fetch a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    /// The version of the new token.
    pub(super) version: u64,
    /// The time of Redis when it was granted.
    pub(super) at: u64,
    /// The highest version so far, and the version of the token that is stored; 0 if there is none.
    pub(super) highest: u64,
    pub(super) live: u64,
}

impl Grant {
    /// Whether a token of this version is or was stored.
    pub(super) fn knows(&self, version: u64) -> bool {
        (1..=self.highest).contains(&version)
    }
}

/// A recent failure of another process.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) number: u64,
    pub(super) text: String,
}

impl Request {
    pub(super) fn arguments(self, me: &str) -> Vec<Vec<u8>> {
        let text = |value: &dyn ToString| value.to_string().into_bytes();
        let me = text(&me);
        match self {
            Self::Get { rejected } => vec![text(&"get"), me, text(&rejected)],
            Self::Put { version, from, lifetime, sealed } => {
                vec![text(&"put"), me, text(&version), text(&from), text(&lifetime.as_millis()), sealed]
            }
            Self::Release { failure } => vec![text(&"release"), me, failure.into_bytes()],
        }
    }
}

impl Reply {
    pub(super) fn read(value: Value) -> Result<Self, RedisError> {
        let fields = Vec::<Vec<u8>>::from_redis_value(value)?;
        let number = |index: usize| {
            let field = fields.get(index).and_then(|field| std::str::from_utf8(field).ok());
            field.and_then(|text| text.parse::<u64>().ok()).ok_or_else(unreadable)
        };
        let time = |index| number(index).map(Duration::from_millis);
        let bytes = |index: usize| fields.get(index).cloned().ok_or_else(unreadable);
        Ok(match fields.first().map(Vec::as_slice) {
            Some(b"use") => Self::Use { version: number(1)?, left: time(2)?, sealed: bytes(3)? },
            Some(b"fetch") => Self::Fetch(Grant {
                version: number(1)?,
                at: number(2)?,
                highest: number(3)?,
                live: number(4)?,
            }),
            Some(b"wait") => {
                let text = String::from_utf8_lossy(&bytes(3)?).into_owned();
                let failure = Failure { number: number(2)?, text };
                Self::Wait { time: time(1)?, failure: Some(failure).filter(|failure| failure.number > 0) }
            }
            Some(_) => Self::Done,
            None => return Err(unreadable()),
        })
    }
}

fn unreadable() -> RedisError {
    RedisError::from((redis::ErrorKind::UnexpectedReturnType, "the script returned another reply"))
}
