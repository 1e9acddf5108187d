import { describe, expect, it } from 'vitest';
import { parseRepository, repositoryArtifacts } from '../../../lib/core/author/hugging-face-artifacts.ts';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';

const commit = '0efe1d93cfd4d9461edc66f8b776b3531fe624e5';
const sha256 = Sha256.ofBytes('weights');
const listing = {
  commit,
  files: [
    { path: '.gitattributes', size: 10, sha256: undefined },
    { path: 'v1/model.bin', size: 7, sha256 },
    { path: 'v1/sub/my config.json', size: 3, sha256: undefined },
    { path: 'v10/other.bin', size: 5, sha256 },
    { path: 'v1/empty.txt', size: 0, sha256: undefined },
  ],
};

describe('a repository on the command line', () => {
  it('has a type, a revision and a prefix, all but its name optional', () => {
    expect(parseRepository('hf://acme/tiny')).toMatchObject({ repo: 'acme/tiny', revision: 'main', prefix: '' });
    expect(parseRepository('hf://datasets/acme/tiny@refs%2Fpr%2F1/a/b/')).toMatchObject({
      repoType: 'datasets',
      revision: 'refs/pr/1',
      prefix: 'a/b',
    });
  });

  it('says what is wrong with it', () => {
    expect(() => parseRepository('hf://acme')).toThrow(/hf:\/\/acme: owner or repository is no name/);
    expect(() => parseRepository('hf://acme/tiny@a..b')).toThrow(/not a name that Git allows/);
  });
});

describe('the files of a repository as artifacts', () => {
  it('are pinned to the commit, carry the published digest, and are named from the prefix on', () => {
    const { artifacts, skipped } = repositoryArtifacts(parseRepository('hf://acme/tiny@main/v1'), listing);
    expect(artifacts).toEqual([
      {
        file: 'model.bin',
        sources: [`hf://acme/tiny@${commit}/v1/model.bin`],
        size: 7,
        sha256: sha256.hex,
        digestFrom: 'upstream',
      },
      { file: 'sub/my config.json', sources: [`hf://acme/tiny@${commit}/v1/sub/my%20config.json`], size: 3 },
    ]);
    expect(skipped).toEqual([{ file: 'empty.txt', reason: 'is empty' }]);
  });

  it('can be a single file, and must be something', () => {
    const { artifacts } = repositoryArtifacts(parseRepository('hf://acme/tiny@main/v10/other.bin'), listing);
    expect(artifacts.map(({ file }) => file)).toEqual(['other.bin']);
    expect(() => repositoryArtifacts(parseRepository('hf://acme/tiny@main/v2'), listing)).toThrow(
      'acme/tiny has no files below v2 at main',
    );
  });
});
