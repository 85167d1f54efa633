/** Which files may be recordings: what plainly is none is refused before it is sent. */

const ENDINGS =
  "wav w64 mp3 m4a mp4 aac flac ogg oga opus webm mka mkv mov amr wma aiff aif au caf 3gp gsm".split(" ");
const UNTOLD = ["", "application/octet-stream", "application/ogg"]; // by systems that do not know the kind

/** What a dialog for choosing files offers. */
export const ACCEPTED = ["audio/*", "video/mp4", "video/webm", ...ENDINGS.map(each => `.${each}`)].join();

function mayBeRecording({ name, type }: Pick<File, "name" | "type">): boolean {
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return /^(audio|video)\//.test(type) || UNTOLD.includes(type) || ENDINGS.includes(ending);
}

/** Why a file is not sent, and what helps; null if it is. What it really holds the server finds out. */
export function refusal(file: Pick<File, "name" | "type" | "size">): string | null {
  if (!mayBeRecording(file))
    return "This is no recording. Upload sound or video, such as WAV, MP3, M4A, FLAC, Ogg or WebM.";
  if (file.size === 0) return "This is empty, or a folder. Upload the recordings themselves.";
  return null;
}
