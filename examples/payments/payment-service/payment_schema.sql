-- What the payment service keeps: ways to pay, and the payments made with them.
-- Users belong to user-service, so user_id refers to nothing here.

create table payment_methods (
    id uuid primary key,
    user_id uuid not null,
    type text not null check (type in ('credit_card', 'paypal', 'bank_transfer')),
    details jsonb not null
);

create table payments (
    id uuid primary key,
    user_id uuid not null,
    method_id uuid not null references payment_methods (id),
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    status text not null check (status in ('accepted', 'pending')),
    created_at timestamptz not null
);

create index payments_by_user on payments (user_id, created_at);
create index payment_methods_by_user on payment_methods (user_id);
