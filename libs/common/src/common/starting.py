"""An application while it starts: what it was not told reaches whoever started it, and not as a traceback."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.importer import import_from_string

from common.settings import SettingsError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

FAILED = "lifespan.startup.failed"


class Starting:
    """One application by its name, and the fault for which it did not start, if that is a setting."""

    def __init__(self, name: str, *, factory: bool) -> None:
        self._name, self._factory = name, factory
        self.error: SettingsError | None = None

    def create(self) -> Application:
        """The application, whose start is looked after."""
        found = import_from_string(self._name)
        application: Application = found() if self._factory else found

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await self._lived(application, scope, receive, send)
            else:
                await application(scope, receive, send)

        return watched

    async def _lived(self, application: Application, scope: Scope, receive: Receive, send: Send) -> None:
        """Frameworks tell a failed start as a traceback before they raise it, so that is held back."""
        held: list[Message] = []

        async def told(message: Message) -> None:
            if message["type"] == FAILED:
                held.append(message)
            else:
                await send(message)

        try:
            await application(scope, receive, told)
        except SettingsError as error:
            self.error = error
            held = [{"type": FAILED, "message": ""}]
            raise
        finally:
            for message in held:
                await send(message)
