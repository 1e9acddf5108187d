import { type PriceName, type PriceTable, unitSize } from '../../contract/cloud/prices.ts';

/** One line of a bill. */
export interface CostLine {
  readonly price: PriceName;
  /** What it is for, in words. */
  readonly what: string;
  /** Of single requests, GB, GB-seconds and the like. */
  readonly quantity: number;
  readonly unit: string;
  readonly usd: number;
}

/** Bytes of a GB, as clouds count what leaves them and what they store. */
export const gigabyte = 1e9;

export function costLine(table: PriceTable, price: PriceName, what: string, quantity: number): CostLine {
  const of = table[price];
  const unit = of.unit.replace(/^[\d,]+ /, '');
  return { price, what, quantity, unit, usd: (quantity / unitSize(of)) * of.usd };
}

export function totalOf(lines: readonly CostLine[]): number {
  return lines.reduce((sum, { usd }) => sum + usd, 0);
}
