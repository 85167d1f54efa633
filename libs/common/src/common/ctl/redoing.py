"""Open what a redo needs: the documents and a way to announce."""

from datetime import datetime

from common.announcements import Kept, open_announcer
from common.clients import open_mongo
from common.ctl.environment import ToldQueues
from common.ctl.running import note
from common.entry import Entry
from common.errors import Permanent
from common.journal import Journal
from common.model import Analysis, Call
from common.pipeline import Stage
from common.redo import Redo
from common.settings import MongoSettings, queue_urls
from common.store import Store
from common.transcripts import transcripts_in


async def redone(entry: Entry, stage: Stage, now: datetime) -> Entry:
    """Open the next revision of a call, which is put on record.

    Raises:
        Permanent: this environment does not name the stage's queue, or nothing is kept to start from.
    """
    told = ToldQueues.read()
    urls = queue_urls(told)
    if stage.name not in urls:
        raise Permanent(f"SQS_{stage.name.upper()}_QUEUE_URL is not set here", reason="not_told")
    async with open_mongo(MongoSettings.read()) as db, open_announcer(told, urls) as announcer:
        await note(db, entry.tenant_id, "redo", entry.call_id)
        kept = Kept(Store(db["calls"], Call), transcripts_in(db), Store(db["analyses"], Analysis))
        return await Redo(Journal(db["journal"]), kept, announcer).start(entry, stage, now)
