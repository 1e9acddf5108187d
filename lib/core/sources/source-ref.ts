/** A parsed source URI. `uri` is the text as written; every part is percent-decoded. */
export type SourceRef = HttpsRef | HuggingFaceRef | GitHubRef | FileRef | S3Ref | GoogleStorageRef | PlaceholderRef;

/** `https://…`; `http://…` parses too and is usable only for an origin that the operator trusts. */
export interface HttpsRef {
  readonly scheme: 'https';
  readonly uri: string;
  readonly url: URL;
}

/** `hf://[datasets/|spaces/]owner/repo@revision/path`. */
export interface HuggingFaceRef {
  readonly scheme: 'hf';
  readonly uri: string;
  readonly repoType: 'models' | 'datasets' | 'spaces';
  /** `owner/repo`. */
  readonly repo: string;
  readonly revision: string;
  readonly path: string;
}

/** `github://owner/repo@tag/asset[#id=123]`. */
export interface GitHubRef {
  readonly scheme: 'github';
  readonly uri: string;
  readonly owner: string;
  readonly repo: string;
  readonly tag: string;
  readonly asset: string;
  readonly assetId: number | undefined;
}

/** `s3://bucket/key[?versionId=…]`. */
export interface S3Ref {
  readonly scheme: 's3';
  readonly uri: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

/** `gs://bucket/key[#generation]`. */
export interface GoogleStorageRef {
  readonly scheme: 'gs';
  readonly uri: string;
  readonly bucket: string;
  readonly key: string;
  readonly generation: string | undefined;
}

/** `file:path`, relative to the manifest's own directory. */
export interface FileRef {
  readonly scheme: 'file';
  readonly uri: string;
  readonly path: string;
}

/** A template that nobody filled in (`YOUR_USERNAME`, `MISSING` …): an outcome of its own. */
export interface PlaceholderRef {
  readonly scheme: 'placeholder';
  readonly uri: string;
  /** The text that gave it away. */
  readonly pattern: string;
}
