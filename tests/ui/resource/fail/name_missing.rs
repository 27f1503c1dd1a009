use dagstack_plugin::resource;

#[resource]
pub trait Ledger {
    async fn book(&self, account: String, cents: i64) -> i64;
}

fn main() {}
