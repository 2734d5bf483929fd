//! What the benchmarks measure. `benches/time.rs` measures the time of each case, `benches/instructions.rs` its instructions, and
//! `bench allocations` what it allocates.

pub mod client;
mod decode;
mod encode;
mod search;

/// The outcome of something that can fail for any reason.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A case that is ready to run any number of times. It panics if its result is wrong, so that no failure is measured.
pub type Run = Box<dyn FnMut()>;

/// One case.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub name: &'static str,
    /// Does everything that is not measured.
    pub prepare: fn() -> Outcome<Run>,
}

/// All cases.
pub const CASES: &[Case] = &[
    Case { name: "decode_user", prepare: decode::user },
    Case { name: "decode_page", prepare: decode::page },
    Case { name: "decode_roles", prepare: decode::roles },
    Case { name: "decode_sessions", prepare: decode::sessions },
    Case { name: "decode_log_events", prepare: decode::log_events },
    Case { name: "decode_identities", prepare: decode::identities },
    Case { name: "decode_authentication_methods", prepare: decode::authentication_methods },
    Case { name: "decode_organizations", prepare: decode::organizations },
    Case { name: "decode_connections", prepare: decode::connections },
    Case { name: "decode_job", prepare: decode::job },
    Case { name: "decode_user_info", prepare: decode::user_info },
    Case { name: "decode_token", prepare: decode::token },
    Case { name: "decode_error", prepare: decode::error },
    Case { name: "encode_new_user", prepare: encode::new_user },
    Case { name: "encode_user_update", prepare: encode::user_update },
    Case { name: "encode_new_role", prepare: encode::new_role },
    Case { name: "encode_link", prepare: encode::link },
    Case { name: "encode_import", prepare: encode::import },
    Case { name: "query", prepare: encode::query },
    Case { name: "call_get", prepare: client::get },
    Case { name: "call_create", prepare: client::create },
    Case { name: "call_delete", prepare: client::delete },
    Case { name: "paging", prepare: client::paging },
    Case { name: "search_email", prepare: search::email },
    Case { name: "search_prefix", prepare: search::prefix },
    Case { name: "search_range", prepare: search::range },
    Case { name: "search_metadata", prepare: search::metadata },
];

/// Makes a case ready to run.
///
/// # Panics
///
/// If there is no such case, or it cannot be prepared.
pub fn prepared(name: &str) -> Run {
    let case =
        CASES.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("there is no case {name}"));
    (case.prepare)().unwrap_or_else(|error| panic!("{name}: {error}"))
}
