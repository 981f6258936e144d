//! The API's generated messages, server and client: package `penstock.executor.v1`.

use std::{collections::BTreeMap, fmt};

mod wire_struct;

pub use generated::*;
pub use wire_struct::WireStruct;

#[allow(clippy::all, clippy::pedantic, missing_debug_implementations)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/penstock.executor.v1.rs"));
}

/// The encoded `FileDescriptorSet` of the API, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/executor_descriptor.bin"));

/// The names of settings without their values, which may be secrets.
struct Names<'a>(&'a Option<WireStruct>);

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.0.iter().flat_map(WireStruct::fields);
        f.debug_set()
            .entries(fields.flat_map(BTreeMap::into_keys))
            .finish()
    }
}

impl fmt::Debug for InvokeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvokeRequest")
            .field("function", &self.function)
            .field("payload", &self.payload)
            .field("settings", &Names(&self.settings))
            .field("secret_settings", &self.secret_settings)
            .field("sealed_settings", &self.sealed_settings.keys())
            .field("limits", &self.limits)
            .field("capture", &self.capture)
            .finish()
    }
}

impl fmt::Debug for invoke_request::Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::EventJson(json) => f.debug_tuple("EventJson").field(json).finish(),
        }
    }
}

impl fmt::Debug for InvokeBatchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvokeBatchRequest")
            .field("function", &self.function)
            .field("events", &self.events)
            .field("events_json", &self.events_json)
            .field("settings", &Names(&self.settings))
            .field("secret_settings", &self.secret_settings)
            .field("sealed_settings", &self.sealed_settings.keys())
            .field("limits", &self.limits)
            .field("capture", &self.capture)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use prost_types::{Struct, Value, value::Kind};

    use super::*;

    #[test]
    fn requests_print_the_names_of_settings_and_no_value() {
        let secret = Kind::StringValue("hunter22".into());
        let value = Value { kind: Some(secret) };
        let settings = Struct {
            fields: [("pin".to_owned(), value)].into(),
        };
        let settings = Some(WireStruct::from(settings));
        let sealed = [("seal".to_owned(), "hunter22".into())];
        let event = InvokeRequest {
            settings: settings.clone(),
            sealed_settings: sealed.clone().into(),
            ..InvokeRequest::default()
        };
        let batch = InvokeBatchRequest {
            settings,
            sealed_settings: sealed.into(),
            ..InvokeBatchRequest::default()
        };
        for printed in [format!("{event:?}"), format!("{batch:#?}")] {
            assert!(printed.contains("\"pin\""), "{printed}");
            assert!(printed.contains("\"seal\""), "{printed}");
            assert!(!printed.contains("hunter22"), "{printed}");
        }
    }
}
