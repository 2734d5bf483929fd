//! Events of the tenant's log.

use crate::object::object;
use crate::{JsonObject, Number, Timestamp};

object! {
    /// An entry of the tenant's log.
    pub struct LogEvent {
        /// When the event occurred.
        pub date: Option<Timestamp> = "date",
        /// The code of the event: `s` for a login, `fp` for a wrong password.
        pub kind: Option<String> = "type",
        /// The description.
        pub description: Option<String> = "description",
        /// The name of the connection.
        pub connection: Option<String> = "connection",
        /// The id of the connection.
        pub connection_id: Option<String> = "connection_id",
        /// The id of the application.
        pub client_id: Option<String> = "client_id",
        /// The name of the application.
        pub client_name: Option<String> = "client_name",
        /// The IP address of the client.
        pub ip: Option<String> = "ip",
        /// The host of the request.
        pub hostname: Option<String> = "hostname",
        /// The user's id.
        pub user_id: Option<String> = "user_id",
        /// The user's name.
        pub user_name: Option<String> = "user_name",
        /// The audience of the requested token.
        pub audience: Option<String> = "audience",
        /// The requested scopes.
        pub scope: Option<String> = "scope",
        /// The type of the identity provider.
        pub strategy: Option<String> = "strategy",
        /// The class of the identity provider: `database`, `social`, `enterprise`.
        pub strategy_type: Option<String> = "strategy_type",
        /// The id of the entry.
        pub log_id: Option<String> = "log_id",
        /// The id of the entry, which equals `log_id`.
        pub id: Option<String> = "_id",
        /// The id of the organization.
        pub organization_id: Option<String> = "organization_id",
        /// The name of the organization.
        pub organization_name: Option<String> = "organization_name",
        /// The IP address of the user, where the client reports it.
        pub client_ip: Option<String> = "client_ip",
        /// The SDK of the client, where it reports it.
        pub auth0_client: Option<JsonObject> = "auth0_client",
        /// Whether the client is a mobile device.
        pub is_mobile: Option<bool> = "isMobile",
        /// Further details. Their structure depends on the event.
        pub details: Option<JsonObject> = "details",
        /// The user agent of the client.
        pub user_agent: Option<String> = "user_agent",
        /// Fingerprints of the TLS connection.
        pub security_context: Option<SecurityContext> = "security_context",
        /// The location of the client.
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
    /// The location of an IP address.
    pub struct LocationInfo {
        /// The country code of two letters.
        pub country_code: Option<String> = "country_code",
        /// The country code of three letters.
        pub country_code3: Option<String> = "country_code3",
        /// The name of the country.
        pub country_name: Option<String> = "country_name",
        /// The name of the city.
        pub city_name: Option<String> = "city_name",
        /// The latitude in degrees.
        pub latitude: Option<Number> = "latitude",
        /// The longitude in degrees.
        pub longitude: Option<Number> = "longitude",
        /// The time zone, by its name in the tz database.
        pub time_zone: Option<String> = "time_zone",
        /// The continent code of two letters.
        pub continent_code: Option<String> = "continent_code",
    }
}
