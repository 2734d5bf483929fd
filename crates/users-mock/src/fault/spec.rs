//! Faults in text form, for a command line.

use crate::fault::kind::Fault;
use crate::fault::rule::{Rule, Times};
use http::{HeaderName, HeaderValue, StatusCode};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use users_core::CATALOGUE;

/// A fault and the requests that it applies to, in text form: `503`, `reset-after@users.create`, `hang@users.get,after=2,times=3`,
/// `slow-body:5,chance=0.1`, `truncated,always`, `503,header=retry-after:2`.
///
/// First comes the fault: `connect-refused`, `reset-before`, `reset-after`, `hang`, `truncated`, `garbage`, `query-timeout`,
/// `slow-body:SECONDS` or a status; then, after an `@`, the name of the operation; then conditions, for which
/// [`Injected`](crate::Injected) has methods. A header of a status is one of them; its value has no commas.
///
/// ```
/// use users_mock::{FaultSpec, FaultyTransport, Tenant};
///
/// let tenant = Tenant::new();
/// let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
/// let spec: FaultSpec = "503@users.get,times=2".parse()?;
/// faulty.inject_spec(&spec);
/// assert_eq!("503@users.got".parse::<FaultSpec>().unwrap_err().to_string(), "no operation is called users.got");
/// # Ok::<(), users_mock::FaultSpecError>(())
/// ```
#[derive(Clone, Debug)]
pub struct FaultSpec(pub(crate) Rule);

/// The text that [`from_str`](Self::from_str) parses; `@` is followed by the method and path for a fault that was injected
/// [on](crate::Injected::on) these.
impl fmt::Display for FaultSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { fault, matcher, skipped, times, chance, reply } = &self.0;
        fault.fmt(f)?;
        if let Some(matcher) = matcher {
            write!(f, "@{}", matcher.short_name())?;
        }
        if *skipped > 0 {
            write!(f, ",after={skipped}")?;
        }
        match times {
            Times::Unspecified => {}
            Times::Left(left) => write!(f, ",times={left}")?,
            Times::Always => f.write_str(",always")?,
        }
        if let Some(chance) = chance {
            #[allow(clippy::cast_precision_loss)] // It was made from such a number.
            let chance = *chance as f64 / u64::MAX as f64;
            write!(f, ",chance={chance}")?;
        }
        for (name, value) in &reply.headers {
            write!(f, ",header={name}:{}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        Ok(())
    }
}

/// The error for a [`FaultSpec`] that cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSpecError(String);

impl fmt::Display for FaultSpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FaultSpecError {}

impl FromStr for FaultSpec {
    type Err = FaultSpecError;

    fn from_str(text: &str) -> Result<Self, FaultSpecError> {
        let mut parts = text.split(',').map(str::trim);
        let head = parts.next().unwrap_or_default();
        let (fault, operation) =
            head.split_once('@').map_or((head, None), |(fault, name)| (fault, Some(name)));
        let mut rule = Rule::new(Fault::named(fault).ok_or_else(|| {
            FaultSpecError(format!(
                "{fault:?} is not a fault; possible are connect-refused, reset-before, reset-after, hang, truncated, garbage, \
                 query-timeout, slow-body:SECONDS and any status from 400 to 599"
            ))
        })?);
        if let Some(name) = operation {
            let descriptor = CATALOGUE.iter().find(|descriptor| descriptor.name == name);
            let descriptor =
                descriptor.ok_or_else(|| FaultSpecError(format!("no operation is called {name}")))?;
            rule.matcher = Some((*descriptor).into());
        }
        for part in parts {
            let number = |value: &str| {
                value
                    .parse::<u32>()
                    .map_err(|_| FaultSpecError(format!("{value:?} is not a number of requests")))
            };
            match part.split_once('=') {
                Some(("after", value)) => rule.skipped = number(value)?,
                Some(("times", value)) if rule.times == Times::Unspecified => {
                    rule.times = Times::Left(number(value)?);
                }
                Some(("chance", value)) => {
                    let chance = value.parse::<f64>().ok().filter(|chance| (0.0..=1.0).contains(chance));
                    let chance = chance.ok_or_else(|| {
                        FaultSpecError(format!("{value:?} is not a probability from 0 to 1"))
                    })?;
                    rule.chance(chance);
                }
                Some(("header", value)) if rule.fault.is_answer() => {
                    let (name, value) = header(value)?;
                    rule.reply.headers.append(name, value);
                }
                Some(("header", _)) => {
                    return Err(FaultSpecError(format!("{fault} has no headers: it is not a status")));
                }
                None if part == "always" && rule.times == Times::Unspecified => rule.times = Times::Always,
                Some(("times", _)) | None if part.starts_with("times=") || part == "always" => {
                    return Err(FaultSpecError(
                        "only one of times=N and always can be given, and only once".to_owned(),
                    ));
                }
                _ => {
                    let known = "after=N, times=N, chance=P, always and header=NAME:VALUE";
                    return Err(FaultSpecError(format!("{part:?} is not a condition; possible are {known}")));
                }
            }
        }
        Ok(Self(rule))
    }
}

/// Parses `NAME:VALUE`.
fn header(text: &str) -> Result<(HeaderName, HeaderValue), FaultSpecError> {
    let parsed = text.split_once(':').and_then(|(name, value)| {
        Some((HeaderName::try_from(name.trim()).ok()?, HeaderValue::try_from(value.trim()).ok()?))
    });
    parsed.ok_or_else(|| FaultSpecError(format!("{text:?} is not a header like retry-after:2")))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConnectRefused => "connect-refused",
            Self::ResetBefore => "reset-before",
            Self::ResetAfter => "reset-after",
            Self::Hang => "hang",
            Self::Truncated => "truncated",
            Self::Garbage => "garbage",
            Self::QueryTimeout => "query-timeout",
            Self::SlowBody(time) => return write!(f, "slow-body:{}", time.as_secs_f64()),
            Self::Status(status) => return write!(f, "{}", status.as_u16()),
        })
    }
}

impl Fault {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "connect-refused" => Self::ConnectRefused,
            "reset-before" => Self::ResetBefore,
            "reset-after" => Self::ResetAfter,
            "hang" => Self::Hang,
            "truncated" => Self::Truncated,
            "garbage" => Self::Garbage,
            "query-timeout" => Self::QueryTimeout,
            _ => {
                if let Some(seconds) = name.strip_prefix("slow-body:") {
                    return Some(Self::SlowBody(Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?));
                }
                let status = name.parse().ok().filter(|status| (400..600).contains(status))?;
                Self::Status(StatusCode::from_u16(status).ok()?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::FaultSpec;

    #[test]
    fn a_fault_is_shown_as_the_text_that_it_is_parsed_from() {
        for text in [
            "503",
            "reset-after@users.create",
            "hang@users.get,after=2,times=3",
            "truncated,always,chance=0.1",
            "slow-body:1.5,times=1,chance=0.25",
            "429@users.get_all,always,header=retry-after:2,header=x-a:b",
            "query-timeout",
        ] {
            assert_eq!(text.parse::<FaultSpec>().unwrap().to_string(), text);
        }
    }
}
