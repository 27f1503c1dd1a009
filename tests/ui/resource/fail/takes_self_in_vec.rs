use dagstack_plugin::resource;

#[resource]
pub trait Ledger {
    async fn merge(&self, others: Vec<Self>);
}

fn main() {}
