export { escapeUnsafe as printable } from '../../core/manifest/unsafe-characters.ts';
