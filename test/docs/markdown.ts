/** A fenced block of a Markdown page. */
export interface CodeBlock {
  /** What stands after the fence: `sh`, `yaml`, or nothing. */
  readonly language: string;
  readonly text: string;
  /** 1-based line of the fence. */
  readonly line: number;
  /** The HTML comment on the line before it, which readers do not see. */
  readonly remark: string | undefined;
}

export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = markdown.split('\n');
  let open: { language: string; line: number; remark: string | undefined; text: string[] } | undefined;
  for (const [index, line] of lines.entries()) {
    const fence = /^```(\S*)/.exec(line);
    if (fence === null) open?.text.push(line);
    else if (open === undefined) {
      const remark = /^<!-- (.+) -->$/.exec(lines[index - 1] ?? '')?.[1];
      open = { language: fence[1] ?? '', line: index + 1, remark, text: [] };
    } else {
      blocks.push({ ...open, text: open.text.join('\n') });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`the fence of line ${open.line} is not closed`);
  return blocks;
}

/** Targets of links and pictures, as written, without those inside code. */
export function linkTargets(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
}

/** The anchors that headings make, as GitHub spells them. */
export function anchors(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
