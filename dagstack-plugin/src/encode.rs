//! placeholder until merged
/// x
pub fn to_value<T: serde::Serialize + ?Sized>(
    v: &T,
) -> Result<serde_json::Value, serde_json::Error> {
    serde_json::to_value(v)
}
/// x
pub fn to_json<T: serde::Serialize + ?Sized>(
    v: &T,
    out: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    serde_json::to_writer(out, v)
}
