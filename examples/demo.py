"""What `make demo` shows: the service started, the tutorial's network trained over HTTP, what came of it.

python examples/demo.py          # the service stays up until Ctrl-C
python examples/demo.py --exit   # everything ends when the demo does
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradqueue import Client
from gradqueue.cli.chart import chart
from gradqueue.cli.submit import follow

HERE = Path(__file__).parent
DATA = Path("var/demo")
#: Seconds until the service must be ready. The very first start compiles the kernels.
START_SECONDS = 120.0


def main(stay: bool) -> None:
    """Run the demo; with `stay`, keep the service up afterwards."""
    DATA.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with running_service(port) as service, Client(f"http://127.0.0.1:{port}") as client:
        wait_until_ready(client, service)
        say(f"The service runs at http://127.0.0.1:{port}; training examples/tutorial.json there:")
        job = follow(client, client.submit((HERE / "tutorial.json").read_bytes()))
        if job["status"] != "succeeded":
            raise SystemExit(f"the job {job['status']}: {job['error']}")
        show_results(client, job["id"], job["model_id"] or "")
        if stay:
            say(f"\nThe service is yours until Ctrl-C. API documentation: http://127.0.0.1:{port}/docs")
            say(f"  curl http://127.0.0.1:{port}{job['links']['self']}")
            signal.pause()


def show_results(client: Client, job_id: str, model_id: str) -> None:
    """Print the loss curve, save picture and weights, predict the first sample."""
    curve = client.loss_curve(job_id)
    say("\n" + chart(curve["epochs"], curve["train_loss"], "loss"))
    weights, picture = DATA / "tutorial-weights.json", DATA / "tutorial-loss.png"
    weights.write_text(json.dumps(client.weights(job_id), indent=1))
    picture.write_bytes(client.loss_curve_picture(job_id))
    tutorial = json.loads((HERE / "tutorial.json").read_bytes())["dataset"]
    sample, target = tutorial["inputs"][0], tutorial["targets"][0]
    predicted = client.predict(model_id, [sample])["predictions"][0]
    first, last = curve["train_loss"][0], curve["train_loss"][-1]
    say(f"\nThe loss fell from {first:.4f} to {last:.4f} in {len(curve['epochs'])} epochs.")
    say(f"The first sample {sample} is predicted as {predicted:.4f}; its target is {target}.")
    say(f"Weights: {weights}\nPicture: {picture}")


@contextmanager
def running_service(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start `gradqueue serve` on an empty environment's defaults, and end it with everything it started."""
    log = DATA / "service.log"
    command = [
        str(Path(sys.executable).with_name("gradqueue")),
        "serve",
        "--data",
        str(DATA),
        "--port",
        str(port),
    ]
    say(f"Starting the service (log: {log})")
    with log.open("ab") as output:
        # In a session of its own: Ctrl-C reaches this program, which then ends the service in order.
        service = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        yield service
    except SystemExit:
        say("The end of the service's log:\n" + "\n".join(log.read_text().splitlines()[-20:]))
        raise
    finally:
        service.terminate()
        service.wait()
        say("The service has ended.")


def wait_until_ready(client: Client, service: subprocess.Popen[bytes]) -> None:
    """Return as soon as a job would be taken and trained."""
    deadline = time.monotonic() + START_SECONDS
    while not client.ready():
        if service.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the service did not become ready")
        time.sleep(0.1)


def free_port() -> int:
    """Return the service's usual port, or any free one if somebody has that."""
    for port in (8000, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as listener:
                return int(listener.getsockname()[1])
        except OSError:
            continue
    raise SystemExit("no TCP port is free")


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main(stay="--exit" not in sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
