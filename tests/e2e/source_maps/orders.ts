import { total, type Line } from './lib/money';

interface Order {
  type: 'track';
  properties: { lines: Line[] };
}

class Rejected extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`order rejected: ${reason}`, options);
    this.name = 'Rejected';
  }
}

export function onTrack(order: Order): Order {
  const { lines } = order.properties;
  return { ...order, properties: { lines, total: total(lines) } } as Order;
}

export async function onPage(order: Order): Promise<Order> {
  await null;
  try {
    return onTrack(order);
  } catch (cause) {
    console.error('could not', new Rejected('no total', { cause }));
    throw new Rejected('no total', { cause });
  }
}
