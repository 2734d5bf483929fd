//! What the tenant's log says of a user.

use crate::object::object;
use crate::{JsonObject, Number, Timestamp};

object! {
    /// An entry of the tenant's log.
    pub struct LogEvent {
        /// When it happened.
        pub date: Option<Timestamp> = "date",
        /// What happened, by its code: `s` for a login, `fp` for a wrong password.
        pub kind: Option<String> = "type",
        /// What happened, in words.
        pub description: Option<String> = "description",
        /// The connection, by name.
        pub connection: Option<String> = "connection",
        /// The connection, by id.
        pub connection_id: Option<String> = "connection_id",
        /// The application, by id.
        pub client_id: Option<String> = "client_id",
        /// The application, by name.
        pub client_name: Option<String> = "client_name",
        /// The address that it came from.
        pub ip: Option<String> = "ip",
        /// The host that was asked.
        pub hostname: Option<String> = "hostname",
        /// The user's id.
        pub user_id: Option<String> = "user_id",
        /// The user's name.
        pub user_name: Option<String> = "user_name",
        /// The API that a token was asked for.
        pub audience: Option<String> = "audience",
        /// The scopes that were asked for.
        pub scope: Option<String> = "scope",
        /// The kind of identity provider.
        pub strategy: Option<String> = "strategy",
        /// The class of identity provider: `database`, `social`, `enterprise`.
        pub strategy_type: Option<String> = "strategy_type",
        /// The id of the entry.
        pub log_id: Option<String> = "log_id",
        /// Whether it came from a phone.
        pub is_mobile: Option<bool> = "isMobile",
        /// More about it, of whatever shape.
        pub details: Option<JsonObject> = "details",
        /// The browser that it came from.
        pub user_agent: Option<String> = "user_agent",
        /// Fingerprints of the connection.
        pub security_context: Option<SecurityContext> = "security_context",
        /// Where it came from.
        pub location_info: Option<LocationInfo> = "location_info",
    }
}

object! {
    /// Fingerprints of a TLS connection.
    pub struct SecurityContext {
        /// The JA3 fingerprint.
        pub ja3: Option<String> = "ja3",
        /// The JA4 fingerprint.
        pub ja4: Option<String> = "ja4",
    }
}

object! {
    /// Where a request came from, as its address tells.
    pub struct LocationInfo {
        /// The country, in two letters.
        pub country_code: Option<String> = "country_code",
        /// The country, in three letters.
        pub country_code3: Option<String> = "country_code3",
        /// The country's name.
        pub country_name: Option<String> = "country_name",
        /// The city's name.
        pub city_name: Option<String> = "city_name",
        /// The latitude, in degrees.
        pub latitude: Option<Number> = "latitude",
        /// The longitude, in degrees.
        pub longitude: Option<Number> = "longitude",
        /// The time zone, by its name in the tz database.
        pub time_zone: Option<String> = "time_zone",
        /// The continent, in two letters.
        pub continent_code: Option<String> = "continent_code",
    }
}
