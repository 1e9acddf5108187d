const controlSequence = String.fromCharCode(27);
const tokens = new RegExp(`${controlSequence}\\[([\\d;?]*)([A-Za-z])|[\\s\\S]`, 'gu');

/** What a terminal shows after some output: enough of one for what a display in place uses. */
export function screenAfter(output: string): string[] {
  const rows: string[][] = [[]];
  let row = 0;
  let column = 0;
  for (const [token, parameter, command] of output.matchAll(tokens)) {
    if (command === undefined) {
      if (token === '\n') row += 1;
      else if (token === '\r') column = 0;
      else line(row)[column++] = token;
      continue;
    }
    const count = Number.parseInt(parameter ?? '', 10) || 1;
    if (command === 'A') row = Math.max(0, row - count);
    else if (command === 'B') row += count;
    else if (command === 'G') column = count - 1;
    else if (command === 'K') line(row).splice(parameter === '2' ? 0 : column);
    else if (command === 'J') {
      line(row).splice(column);
      rows.splice(row + 1);
    } else if (!'mhl'.includes(command)) throw new Error(`this screen does not know ${JSON.stringify(token)}`);
  }

  function line(index: number): string[] {
    while (rows.length <= index) rows.push([]);
    return rows[index] as string[];
  }

  return rows
    .map((cells) =>
      Array.from(cells, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    )
    .filter((text) => text !== '');
}
