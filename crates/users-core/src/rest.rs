//! Untyped calls of any path.

use crate::base_url::BaseUrl;
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::error::Error;
use crate::operation::Operation;
use crate::path_template::PathTemplate;
use crate::redact;
use crate::request::RequestBuilder;
use crate::response::decode_any;
use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;
use users_model::{JsonObject, Secret};

/// Calls an endpoint by its path template, as the Node SDK's `RestClient` does.
///
/// Parameters are any value that serializes to an object. Those that the template names fill it, percent-encoded once; the rest
/// become the query, with arrays joined by commas and `null`s omitted. [`get_all`](Self::get_all) and [`create`](Self::create)
/// omit the path parameters at the template's end that have no value; for the other methods a missing path parameter is an error.
///
/// ```
/// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
/// use serde_json::json;
///
/// let identities = client.rest("/users/{id}/identities/{provider}/{user_id}");
/// let left: serde_json::Value =
///     identities.delete(json!({"id": "auth0|1", "provider": "github", "user_id": "2"})).await?;
///
/// let clients: serde_json::Value =
///     client.rest("/clients/{id}").get_all(json!({"fields": ["name", "client_id"], "per_page": 10})).await?;
/// # let _ = (left, clients);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RestClient {
    client: Client,
    template: String,
    api: Api,
}

impl RestClient {
    pub(crate) fn new(client: Client, api: Api, template: impl Into<String>) -> Self {
        Self { client, template: template.into(), api }
    }

    /// Sends `GET` to the collection: parameters at the template's end may be missing.
    pub fn get_all<T: DeserializeOwned + Send + 'static>(&self, parameters: impl Serialize) -> Call<Rest<T>> {
        self.call("rest.get_all", Method::GET, true, &parameters, None::<()>)
    }

    /// Sends `GET` to one resource.
    pub fn get<T: DeserializeOwned + Send + 'static>(&self, parameters: impl Serialize) -> Call<Rest<T>> {
        self.call("rest.get", Method::GET, false, &parameters, None::<()>)
    }

    /// Sends `POST` to the collection: parameters at the template's end may be missing.
    pub fn create<T: DeserializeOwned + Send + 'static>(
        &self,
        parameters: impl Serialize,
        body: impl Serialize,
    ) -> Call<Rest<T>> {
        self.call("rest.create", Method::POST, true, &parameters, Some(body))
    }

    /// Sends `PATCH` to one resource.
    pub fn patch<T: DeserializeOwned + Send + 'static>(
        &self,
        parameters: impl Serialize,
        body: impl Serialize,
    ) -> Call<Rest<T>> {
        self.call("rest.patch", Method::PATCH, false, &parameters, Some(body))
    }

    /// Sends `PUT` to one resource, as the Node SDK's `update` does.
    pub fn update<T: DeserializeOwned + Send + 'static>(
        &self,
        parameters: impl Serialize,
        body: impl Serialize,
    ) -> Call<Rest<T>> {
        self.call("rest.update", Method::PUT, false, &parameters, Some(body))
    }

    /// Sends `DELETE` to one resource. An empty response decodes as `()`.
    pub fn delete<T: DeserializeOwned + Send + 'static>(&self, parameters: impl Serialize) -> Call<Rest<T>> {
        self.call("rest.delete", Method::DELETE, false, &parameters, None::<()>)
    }

    fn call<T: DeserializeOwned + Send + 'static>(
        &self,
        name: &'static str,
        method: Method,
        collection: bool,
        parameters: &impl Serialize,
        body: Option<impl Serialize>,
    ) -> Call<Rest<T>> {
        let operation = || {
            let parameters = read_parameters(parameters)?;
            let template = PathTemplate::parse(&*self.template)?;
            let has_value = |name: &str| parameters.iter().any(|(key, _)| key == name);
            let template = if collection { template.without_unfilled_tail(has_value) } else { template };
            let body = body
                .map(|body| serde_json::value::to_raw_value(&body))
                .transpose()
                // serde_json's error may quote a value.
                .map_err(|_| Error::invalid("the body cannot be serialized as JSON"))?;
            Ok(Rest {
                descriptor: Descriptor::with_template(name, self.api, method, template),
                parameters,
                body: body.map(|body| body.get().to_owned()),
                output: PhantomData,
            })
        };
        Call::new(self.client.clone(), operation())
    }
}

impl fmt::Debug for RestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RestClient").field(&self.template).finish()
    }
}

/// The parameters as text, in order.
fn read_parameters(parameters: &impl Serialize) -> Result<Vec<(String, String)>, Error> {
    // serde_json's error may quote a value.
    let refuse = |_: serde_json::Error| Error::invalid("the parameters do not serialize to a JSON object");
    let json = serde_json::to_string(parameters).map_err(refuse)?;
    // `()` means no parameters.
    if json == "null" {
        return Ok(Vec::new());
    }
    let object = JsonObject::from_json(&json).map_err(refuse)?;
    let mut read = Vec::with_capacity(object.len());
    for (key, value) in object.iter() {
        if let Some(text) = read_parameter(key, value)? {
            read.push((key.to_owned(), text));
        }
    }
    Ok(read)
}

fn read_parameter(key: &str, json: &str) -> Result<Option<String>, Error> {
    let refuse =
        || Error::invalid(format!("parameter {key} is not a string, number, boolean or list of them"));
    match json.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => serde_json::from_str(json).map(Some).map_err(|_| refuse()),
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json).map_err(|_| refuse())?;
            let mut list: Option<String> = None;
            for item in items {
                if item.get().starts_with('[') {
                    return Err(refuse());
                }
                match (&mut list, read_parameter(key, item.get())?) {
                    (Some(list), Some(text)) => {
                        list.push(',');
                        list.push_str(&text);
                    }
                    (None, first @ Some(_)) => list = first,
                    (_, None) => {}
                }
            }
            Ok(Some(list.unwrap_or_default()))
        }
        Some(b'{') | None => Err(refuse()),
        // Numbers keep their text, and so their precision.
        Some(_) => Ok(Some(json.to_owned())),
    }
}

/// An untyped operation. Created by [`RestClient`].
pub struct Rest<T> {
    descriptor: Descriptor,
    parameters: Vec<(String, String)>,
    body: Option<String>,
    output: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Send + 'static> Operation for Rest<T> {
    type Output = T;

    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        let mut request = RequestBuilder::new(&self.descriptor, base);
        for (key, value) in &self.parameters {
            let is_in_path = self.descriptor.path.parameters().any(|name| name == key);
            request = if is_in_path { request.path(key, value) } else { request.query(key, Some(value)) };
        }
        match &self.body {
            Some(body) => {
                let body = RawValue::from_string(body.clone())
                    .map_err(|error| Error::invalid(format!("the body is not JSON: {error}")))?;
                request.json(&body)
            }
            None => request.empty(),
        }
    }

    /// The finished request does not show the names of path parameters.
    fn secrets(&self) -> Vec<Secret> {
        let is_secret = |(key, _): &&(String, String)| redact::is_sensitive(key);
        self.parameters.iter().filter(is_secret).map(|(_, value)| Secret::new(value.clone())).collect()
    }

    fn decode(mut response: http::Response<Bytes>) -> Result<T, Error> {
        // `()`, `Option` and `Value` all decode from `null`.
        if response.status().is_success() && response.body().is_empty() {
            *response.body_mut() = Bytes::from_static(b"null");
        }
        decode_any(None, response)
    }
}

impl<T> Clone for Rest<T> {
    fn clone(&self) -> Self {
        Self {
            descriptor: self.descriptor.clone(),
            parameters: self.parameters.clone(),
            body: self.body.clone(),
            output: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Rest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters and bodies may hold passwords and tokens.
        f.debug_tuple("Rest").field(&self.descriptor.to_string()).finish()
    }
}
