use dagstack_plugin::resource;

#[resource]
pub trait Ledger {
    async fn f(&self, cents: u8, cents: String);
}

fn main() {}
