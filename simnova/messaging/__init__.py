"""Messages: the AMQP 0-9-1 model (`amqp`) and oslo.messaging's RPC on top of it (`rpc`)."""
