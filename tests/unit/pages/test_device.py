from gateway.pages.device import DeviceView, device_page


def test_device_page_posts_the_code_and_warns_of_strangers() -> None:
    """RFC 8628 §5.4."""
    page = device_page(DeviceView("/device", flow="sealed", user_code="WDJB-MJHT")).html

    assert '<form method="post" action="/device">' in page
    assert 'name="flow" value="sealed"' in page
    assert 'value="WDJB-MJHT"' in page
    assert "Did somebody send you" in page


def test_device_page_without_a_flow_sends_none() -> None:
    assert 'name="flow"' not in device_page(DeviceView("/device")).html


def test_device_page_says_what_was_wrong_beside_the_field() -> None:
    page = device_page(DeviceView("/device", error="Too old.")).html

    assert '<p class="bad" role="alert" id="error">Too old.</p>' in page
    assert 'aria-describedby="error hint"' in page
