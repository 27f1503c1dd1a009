//! placeholder until merged
/// x
pub const MASKED: &str = "[MASKED]";
/// x
pub fn is_secret_name(_name: &str) -> bool {
    false
}
/// x
pub fn mask(value: &serde_json::Value) -> serde_json::Value {
    value.clone()
}
