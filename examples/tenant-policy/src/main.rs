dagstack_plugin::main!(tenant_policy::TenantPolicy);
