"""The pages of the Django provider: its own, and a login that believes everybody."""

from django.contrib.auth import get_user_model, login
from django.db.models.signals import pre_save
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import include, path
from oauth2_provider.models import Application


def trust(sender: type, instance: Application, **kwargs: object) -> None:
    """Ask nobody for consent: no person is there to give it."""
    instance.skip_authorization = True


pre_save.connect(trust, sender=Application)


def log_in(request: HttpRequest) -> HttpResponse:
    """Show a form; its `login` is the name of an account, made when it is new."""
    if request.method != "POST":
        return HttpResponse("<form method=post><input name=login></form>")
    user, _ = get_user_model().objects.get_or_create(username=request.POST["login"])
    login(request, user)
    return HttpResponseRedirect(request.GET["next"])


urlpatterns = [
    path("login/", log_in),
    path("", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
