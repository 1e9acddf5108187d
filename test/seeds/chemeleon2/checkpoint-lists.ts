/** The four forms that `checkpoints.yaml` has had, with names and digests of nobody. */

export interface ListedCheckpoint {
  readonly name: string;
  readonly path: string;
}

const digestOf = (index: number) =>
  String(index + 1)
    .repeat(64)
    .slice(0, 64);

const models = (prefix: string, renamed: boolean): ListedCheckpoint[] => [
  { name: 'tiny_vae', path: `${prefix}tiny/vae/enc_aaaa0000_v0.ckpt` },
  { name: 'large_vae', path: `${prefix}large/vae/enc_bbbb1111_v1.ckpt` },
  ...(renamed
    ? [
        { name: 'tiny_ldm_base', path: `${prefix}tiny/ldm/base_cccc2222.ckpt` },
        { name: 'large_ldm_base', path: `${prefix}large/ldm/base_dddd3333.ckpt` },
      ]
    : []),
  { name: renamed ? 'tiny_ldm_rl' : 'tiny_ldm', path: `${prefix}tiny/ldm/rl_eeee4444.ckpt` },
  { name: renamed ? 'large_ldm_rl' : 'large_ldm', path: `${prefix}large/ldm/rl_ffff5555.ckpt` },
];

export type ListForm = 'plan' | 'october' | 'november' | 'december';

/** The entries of one form, in its order. */
export function listedCheckpoints(form: ListForm): readonly ListedCheckpoint[] {
  return models(form === 'november' || form === 'december' ? 'v0.0.1/' : '', form === 'december');
}

/** One file, with the comments and quotes that people leave in it. */
export function checkpointList(form: ListForm, lineEnding: '\n' | '\r\n' = '\n'): string {
  const digest = (index: number) => {
    if (form === 'plan') return ['    sha256: <to_be_calculated>'];
    return form === 'october' ? [`    sha256: ${digestOf(index).replace(/^./u, 'a')}`] : [];
  };
  const entries = listedCheckpoints(form).flatMap(({ name, path }, index) => [
    ...(index % 2 === 0 ? ['', '  # Models of one kind'] : ['']),
    `  ${name}:`,
    `    filename: ${path.split('/').at(-1)}`,
    `    hf_path: ${path}`,
    ...digest(index),
    `    description: "Model number ${index + 1}"`,
  ]);
  const owner = form === 'plan' ? 'your-org' : 'example-org';
  const folder = form === 'plan' || form === 'october' ? 'cache_dir' : 'local_dir';
  const retries = form === 'plan' ? [] : ['  retry_attempts: 3', '  retry_delay: 2  # seconds'];
  const config = [
    '',
    '# Configuration',
    'config:',
    `  hf_repo: "${owner}/checkpoints"`,
    `  ${folder}: "./checkpoints"`,
    ...retries,
  ];
  return ['# Checkpoints of a model', 'checkpoints:', ...entries, ...config, ''].join(lineEnding);
}
