//! Stand-in.
use serde_json::Value;
/// x
#[derive(Default)]
pub struct Format;
impl Format {
    /// x
    pub fn of_item(_: &Value) -> Self {
        Self
    }
    /// x
    pub fn expression(&self) -> Option<String> {
        None
    }
    /// x
    pub fn write(&self, value: &Value, out: &mut String) {
        out.push_str(&self.text(value))
    }
    /// x
    pub fn text(&self, value: &Value) -> String {
        match value {
            Value::Null => "∅".into(),
            Value::String(s) => s.clone(),
            v => v.to_string(),
        }
    }
}
