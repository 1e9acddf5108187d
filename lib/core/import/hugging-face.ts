import { parseRepository, repositoryArtifacts } from '../author/hugging-face-artifacts.ts';
import { listRepository } from '../author/list-repository.ts';
import { gapFindings } from './gap-findings.ts';
import type { Importer } from './importer.ts';
import { namedArtifacts } from './named-artifacts.ts';
import { collectionFrom, versionFrom } from './suggested-names.ts';

/** A repository of the Hugging Face Hub, pinned to the commit that the revision is now, with the digests of the Hub. */
export const huggingFaceImporter: Importer = {
  kind: 'huggingface',
  generic: true,
  summary: 'hf://owner/repo[@revision][/folder], pinned to its commit',
  settings: [],
  async read({ input }, ports) {
    const ref = parseRepository(input);
    const listing = await listRepository({ ...ports, endpoint: ports.huggingFaceEndpoint }, ref);
    const { artifacts, skipped } = repositoryArtifacts(ref, listing);
    const named = namedArtifacts(artifacts);
    return {
      manifests: [
        {
          collection: collectionFrom(ref.repo.split('/')[1]),
          version: versionFrom(ref.revision),
          access: undefined,
          artifacts: named,
        },
      ],
      findings: [
        ...skipped.map(({ file, reason }) => ({ kind: 'not-taken' as const, subject: file, message: reason })),
        ...named.flatMap((artifact) => gapFindings(artifact, artifact.file)),
      ],
      figures: {
        files: artifacts.length + skipped.length,
        digests: named.filter(({ sha256 }) => sha256 !== undefined).length,
      },
    };
  },
};
