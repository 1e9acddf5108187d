export interface TerminalLine {
  readonly kind: 'command' | 'output';
  readonly text: string;
}

const font = "ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'Liberation Mono', monospace";
/** Pixels. A monospaced character is 0.6 of the font's size wide; every line is stretched to just that. */
const size = { font: 14, line: 20, character: 8.4, margin: 20, bar: 34 };
const colours = { ground: '#0d1117', bar: '#161b22', text: '#c9d1d9', command: '#ffffff', prompt: '#3fb950' };

/**
 * A terminal with these lines as an SVG that shows the same everywhere: no scripts, no fonts of its own, and its words
 * in <title> and <desc> for those who hear it. Longer lines are wrapped as a terminal of so many columns does.
 */
export function terminalPicture(lines: readonly TerminalLine[], columns: number): string {
  const rows = lines.flatMap((line) => wrapped(line, columns));
  const width = Math.ceil(columns * size.character + 2 * size.margin);
  const height = size.bar + rows.length * size.line + size.margin;
  const words = lines.map(({ kind, text }) => (kind === 'command' ? `$ ${text}` : text)).join('\n');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    '<title>Weighbridge on a terminal</title>',
    `<desc>${escaped(words)}</desc>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${colours.ground}"/>`,
    `<path d="M0 ${size.bar - 8} V8 a8 8 0 0 1 8 -8 H${width - 8} a8 8 0 0 1 8 8 V${size.bar - 8} Z" fill="${colours.bar}"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map(
      (fill, index) => `<circle cx="${18 + index * 20}" cy="13" r="6" fill="${fill}"/>`,
    ),
    `<g font-family="${font}" font-size="${size.font}" fill="${colours.text}">`,
    ...rows.flatMap((row, index) => (row.text === '' ? [] : [textLine(row, size.bar + (index + 1) * size.line - 6)])),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

interface Row extends TerminalLine {
  /** Does it begin a command, with a prompt? */
  readonly prompt: boolean;
}

function wrapped({ kind, text }: TerminalLine, columns: number): Row[] {
  const characters = [...(kind === 'command' ? `$ ${text}` : text)];
  const rows: Row[] = [{ kind, text: characters.slice(0, columns).join(''), prompt: kind === 'command' }];
  for (let at = columns; at < characters.length; at += columns) {
    rows.push({ kind, text: characters.slice(at, at + columns).join(''), prompt: false });
  }
  return rows;
}

function textLine({ kind, text, prompt }: Row, y: number): string {
  // Viewers have different fonts: the length keeps columns where they are.
  const length = ([...text].length * size.character).toFixed(1);
  const fill = kind === 'command' ? ` fill="${colours.command}" font-weight="600"` : '';
  const shown = prompt ? `<tspan fill="${colours.prompt}">$</tspan>${escaped(text.slice(1))}` : escaped(text);
  return `<text x="${size.margin}" y="${y}" textLength="${length}" xml:space="preserve"${fill}>${shown}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
