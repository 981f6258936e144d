export type Line = { price: number; count: number };

function checked(line: Line): Line {
  // A comment that makes no code.
  if (!(line.price >= 0)) throw new RangeError(`a price of ${line.price}`);
  return line;
}

export const total = (lines: Line[]): number =>
  lines
    .map(checked)
    .reduce((sum, line) => sum + line.price * line.count, 0);
