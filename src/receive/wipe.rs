//! Messages of collectors are wiped when they are dropped, whether or not their texts were of use. Names of attributes stay:
//! they are the sender's, not a visitor's.

use zeroize::Zeroize as _;

use super::generated::{accesslog::HttpRequestProperties, common::any_value::Value, core::SocketAddress};

impl Drop for Value {
    fn drop(&mut self) {
        match self {
            Self::StringValue(text) => text.as_mut_str().zeroize(),
            Self::BytesValue(bytes) => bytes.as_mut_slice().zeroize(),
            // Their parts wipe themselves.
            Self::ArrayValue(_) | Self::KvlistValue(_) => {}
            Self::BoolValue(_) | Self::IntValue(_) | Self::DoubleValue(_) => {}
        }
    }
}

impl Drop for SocketAddress {
    fn drop(&mut self) {
        self.address.as_mut_str().zeroize();
    }
}

impl Drop for HttpRequestProperties {
    fn drop(&mut self) {
        for text in
            [&mut self.authority, &mut self.path, &mut self.original_path, &mut self.user_agent, &mut self.referer]
        {
            text.as_mut_str().zeroize();
        }
        for value in self.request_headers.values_mut() {
            value.as_mut_str().zeroize();
        }
    }
}
