/** What every key in this folder begins with. `a`, `a/` and, for the top, `''`. */
export function folderPrefix(folder: string): string {
  return folder === '' || folder.endsWith('/') ? folder : `${folder}/`
}
