use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
pub trait Ledger {
    async fn merge(&self, others: Vec<Self>);
}

fn main() {}
