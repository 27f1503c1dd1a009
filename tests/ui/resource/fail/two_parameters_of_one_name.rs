use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
pub trait Ledger {
    async fn f(&self, cents: u8, cents: String);
}

fn main() {}
