use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
pub trait Ledger {
    async fn f(&self, type: u8);
    async fn other(&self) -> u8;
}

fn uses(_: &dyn Ledger) {}

fn main() {}
